import type { DeliveryStatusName, LicenseExpiryJob, MailTypeName } from '@allotree/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One mail, from its first item until it is sent: the ledger. `key` is what makes it go out once. */
@Entity({ name: 'mail', schema: 'notifications' })
export class MailRow {
  @PrimaryColumn({ name: 'mail_id', type: 'uuid' }) mailId!: string;
  @Column({ type: 'text' }) key!: string;
  @Column({ name: 'message_id', type: 'text' }) messageId!: string;
  @Column({ name: 'mail_type', type: 'text' }) mailType!: MailTypeName;
  @Column({ type: 'text' }) status!: DeliveryStatusName;
  @Column({ name: 'tenant_id', type: 'text', nullable: true }) tenantId!: string | null;
  @Column({ name: 'project_ids', type: 'text', array: true }) projectIds!: string[];
  @Column({ type: 'text', nullable: true }) recipient!: string | null;
  /** The address, for comparing. */
  @Column({ name: 'recipient_key', type: 'text', nullable: true }) recipientKey!: string | null;
  @Column({ name: 'recipient_name', type: 'text', nullable: true }) recipientName!: string | null;
  @Column({ type: 'text', nullable: true }) subject!: string | null;
  @Column({ type: 'text', nullable: true, select: false }) html!: string | null;
  @Column({ type: 'text', nullable: true, select: false }) text!: string | null;
  @Column({ type: 'integer' }) attempts!: number;
  @Column({ type: 'text', nullable: true }) error!: string | null;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @Column({ name: 'written_at', type: 'timestamptz', nullable: true }) writtenAt!: Date | null;
  @Column({ name: 'sent_at', type: 'timestamptz', nullable: true }) sentAt!: Date | null;
  /** By the clock of the machine: when it may be handed over (again). */
  @Column({ name: 'not_before', type: 'timestamptz' }) notBefore!: Date;
  /** By the clock of the services: when its recipient may get one more. */
  @Column({ name: 'held_until', type: 'timestamptz', nullable: true }) heldUntil!: Date | null;
  /** The place in the order in which mails came about. PostgreSQL's bigint, so a string here. */
  @Column({ type: 'bigint' }) ordinal!: string;
}

/** A mail of the embedded mail box. */
@Entity({ name: 'outbox', schema: 'notifications' })
export class OutboxRow {
  @PrimaryColumn({ name: 'outbox_id', type: 'uuid' }) outboxId!: string;
  @Column({ name: 'message_id', type: 'text' }) messageId!: string;
  @Column({ type: 'text' }) sender!: string;
  @Column({ type: 'text' }) recipient!: string;
  /** The normalized address for comparison. */
  @Column({ name: 'recipient_key', type: 'text', nullable: true }) recipientKey!: string | null;
  @Column({ name: 'recipient_name', type: 'text', nullable: true }) recipientName!: string | null;
  @Column({ type: 'text' }) subject!: string;
  /** Long: read for one mail, not for a list. */
  @Column({ type: 'text', select: false }) html!: string;
  @Column({ type: 'text', select: false }) text!: string;
  @Column({ name: 'mail_type', type: 'text' }) mailType!: MailTypeName;
  @Column({ name: 'tenant_id', type: 'text', nullable: true }) tenantId!: string | null;
  @Column({ name: 'project_ids', type: 'text', array: true }) projectIds!: string[];
  @Column({ name: 'sent_at', type: 'timestamptz' }) sentAt!: Date;
  @Column({ type: 'bigint', insert: false }) ordinal!: string;
}

/** A template that was changed. `tenantId` is empty for the one of all tenants; without content it was put back. */
@Entity({ name: 'mail_template', schema: 'notifications' })
export class TemplateRow {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @PrimaryColumn({ name: 'mail_type', type: 'text' }) mailType!: MailTypeName;
  @Column({ type: 'text', nullable: true }) subject!: string | null;
  @Column({ type: 'text', nullable: true }) html!: string | null;
  @Column({ type: 'integer' }) revision!: number;
  @Column({ name: 'changed_at', type: 'timestamptz' }) changedAt!: Date;
  @Column({ name: 'changed_by', type: 'text' }) changedBy!: string;
}

/** A notice about one group: a job of `license-expiry`, kept until it is in the mails of its recipients. */
@Entity({ name: 'notice', schema: 'notifications' })
export class NoticeRow {
  @PrimaryColumn({ name: 'notice_id', type: 'text' }) noticeId!: string;
  @Column({ type: 'jsonb' }) job!: LicenseExpiryJob;
  @Column({ type: 'text' }) state!: 'new' | 'addressed' | 'obsolete';
  @Column({ type: 'integer' }) tries!: number;
}

export const ENTITIES = [MailRow, OutboxRow, TemplateRow, NoticeRow];
