import type { WebhookDeliveryItem, WebhookDisabledReason, WebhookStatusName } from '@allotree/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Where events are sent to. `tenantId` is `null` for those of all tenants. */
@Entity({ name: 'webhook_endpoint', schema: 'notifications' })
export class WebhookEndpointRow {
  @PrimaryColumn({ name: 'endpoint_id', type: 'uuid' }) endpointId!: string;
  @Column({ name: 'tenant_id', type: 'text', nullable: true }) tenantId!: string | null;
  @Column({ type: 'text' }) url!: string;
  @Column({ type: 'text' }) description!: string;
  @Column({ type: 'text', array: true, nullable: true }) types!: string[] | null;
  @Column({ type: 'text', array: true, nullable: true }) subjects!: string[] | null;
  @Column({ type: 'text' }) status!: WebhookStatusName;
  @Column({ name: 'disabled_reason', type: 'text', nullable: true }) disabledReason!: WebhookDisabledReason | null;
  @Column({ name: 'disabled_at', type: 'timestamptz', nullable: true }) disabledAt!: Date | null;
  @Column({ name: 'failing_since', type: 'timestamptz', nullable: true }) failingSince!: Date | null;
  @Column({ type: 'integer' }) revision!: number;
  @Column({ name: 'created_at', type: 'timestamptz', insert: false }) createdAt!: Date;
  @Column({ name: 'created_by', type: 'text' }) createdBy!: string;
  /** The person with whose permission events go out; `null`: the vendor. */
  @Column({ name: 'made_by', type: 'text', nullable: true }) madeBy!: string | null;
  @Column({ type: 'bigint', insert: false }) ordinal!: string;
}

/** An event on its way to an endpoint, and what became of it. */
@Entity({ name: 'webhook_delivery', schema: 'notifications' })
export class WebhookDeliveryRow {
  @PrimaryColumn({ name: 'delivery_id', type: 'uuid' }) deliveryId!: string;
  @Column({ name: 'endpoint_id', type: 'uuid' }) endpointId!: string;
  @Column({ name: 'event_id', type: 'text' }) eventId!: string;
  @Column({ type: 'text' }) type!: string;
  @Column({ type: 'text' }) subject!: string;
  @Column({ type: 'text' }) kind!: WebhookDeliveryItem['kind'];
  @Column({ type: 'text' }) status!: WebhookDeliveryItem['status'];
  @Column({ type: 'integer' }) attempts!: number;
  @Column({ name: 'response_status', type: 'integer', nullable: true }) responseStatus!: number | null;
  @Column({ type: 'text', nullable: true }) error!: string | null;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @Column({ name: 'last_attempt_at', type: 'timestamptz', nullable: true }) lastAttemptAt!: Date | null;
  @Column({ name: 'next_attempt_at', type: 'timestamptz', nullable: true }) nextAttemptAt!: Date | null;
  @Column({ name: 'delivered_at', type: 'timestamptz', nullable: true }) deliveredAt!: Date | null;
  @Column({ type: 'bigint' }) ordinal!: string;
}

export const WEBHOOK_ENTITIES = [WebhookEndpointRow, WebhookDeliveryRow];
