import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { BillingMode, GroupType, JoinRequestStatus, PartnerKind } from '@allotree/domain';

/**
 * `ordinal`: the place in the order in which things came about (position of the event, and place in it); what pages are
 * cut by. PostgreSQL's bigint, so a string here.
 */
@Entity({ name: 'partner', schema: 'groups' })
export class PartnerRow {
  @PrimaryColumn({ name: 'partner_id', type: 'text' }) partnerId!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ type: 'text' }) kind!: PartnerKind;
  @Column({ type: 'text' }) name!: string;
  @Column({ name: 'parent_partner_id', type: 'text', nullable: true }) parentPartnerId!: string | null;
  @Column({ name: 'closed_reason', type: 'text', nullable: true }) closedReason!: string | null;
  @Column({ name: 'registered_at', type: 'timestamptz' }) registeredAt!: Date;
  @Column({ type: 'bigint' }) ordinal!: string;
}

@Entity({ name: 'project', schema: 'groups' })
export class ProjectRow {
  @PrimaryColumn({ name: 'project_id', type: 'text' }) projectId!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ name: 'partner_id', type: 'text' }) partnerId!: string;
  @Column({ type: 'text' }) name!: string;
  @Column({ name: 'time_zone', type: 'text' }) timeZone!: string;
  @Column({ name: 'billing_mode', type: 'text' }) billingMode!: BillingMode;
  @Column({ name: 'closed_reason', type: 'text', nullable: true }) closedReason!: string | null;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @Column({ type: 'bigint' }) ordinal!: string;
}

@Entity({ name: 'group_node', schema: 'groups' })
export class GroupRow {
  @PrimaryColumn({ name: 'project_id', type: 'text' }) projectId!: string;
  @PrimaryColumn({ name: 'group_id', type: 'text' }) groupId!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ name: 'parent_id', type: 'text', nullable: true }) parentId!: string | null;
  @Column({ type: 'text' }) type!: GroupType;
  @Column({ type: 'text' }) name!: string;
  @Column({ name: 'external_id', type: 'text', nullable: true }) externalId!: string | null;
  @Column({ type: 'bigint' }) ordinal!: string;
}

@Entity({ name: 'member', schema: 'groups' })
export class MemberRow {
  @PrimaryColumn({ name: 'project_id', type: 'text' }) projectId!: string;
  @PrimaryColumn({ name: 'member_id', type: 'text' }) memberId!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ name: 'group_id', type: 'text' }) groupId!: string;
  @Column({ name: 'user_id', type: 'text' }) userId!: string;
  @Column({ type: 'text' }) email!: string;
  @Column({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) role!: string;
  @Column({ name: 'external_id', type: 'text', nullable: true }) externalId!: string | null;
  @Column({ name: 'added_at', type: 'timestamptz' }) addedAt!: Date;
  @Column({ type: 'bigint' }) ordinal!: string;
}

@Entity({ name: 'device', schema: 'groups' })
export class DeviceRow {
  @PrimaryColumn({ name: 'project_id', type: 'text' }) projectId!: string;
  @PrimaryColumn({ name: 'serial_number', type: 'text' }) serialNumber!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ name: 'group_id', type: 'text' }) groupId!: string;
  @Column({ type: 'text' }) model!: string;
  @Column({ name: 'external_id', type: 'text', nullable: true }) externalId!: string | null;
  @Column({ name: 'added_at', type: 'timestamptz' }) addedAt!: Date;
  @Column({ type: 'bigint' }) ordinal!: string;
}

@Entity({ name: 'join_request', schema: 'groups' })
export class JoinRequestRow {
  @PrimaryColumn({ name: 'request_id', type: 'text' }) requestId!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ name: 'distributor_id', type: 'text' }) distributorId!: string;
  @Column({ type: 'text' }) kind!: PartnerKind;
  @Column({ name: 'partner_name', type: 'text' }) partnerName!: string;
  @Column({ name: 'project_name', type: 'text' }) projectName!: string;
  @Column({ name: 'administrator_name', type: 'text' }) administratorName!: string;
  @Column({ name: 'administrator_email', type: 'text' }) administratorEmail!: string;
  @Column({ type: 'text' }) status!: JoinRequestStatus;
  @Column({ name: 'requested_at', type: 'timestamptz' }) requestedAt!: Date;
  @Column({ name: 'decided_at', type: 'timestamptz', nullable: true }) decidedAt!: Date | null;
  @Column({ type: 'bigint' }) ordinal!: string;
}

/** A device the vendor sold. Its claim code is in no row. */
@Entity({ name: 'catalogued_device', schema: 'groups' })
export class CataloguedDeviceRow {
  @PrimaryColumn({ name: 'serial_key', type: 'text' }) serialKey!: string;
  @Column({ name: 'serial_number', type: 'text' }) serialNumber!: string;
  @Column({ name: 'catalogued_at', type: 'timestamptz' }) cataloguedAt!: Date;
  @Column({ type: 'bigint' }) ordinal!: string;
}

export const ENTITIES = [PartnerRow, JoinRequestRow, ProjectRow, GroupRow, MemberRow, DeviceRow, CataloguedDeviceRow];
