import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

const schema = 'licensing';
/** PostgreSQL fills it in: the tenant of the project or partner. */
const OF_TENANT = { name: 'tenant_id', type: 'text', insert: false, update: false } as const;
const limit = (name: string) => ({ name, type: 'bigint', nullable: true }) as const;

/** A group as the license service knows it. `path`: the ids from the root down to the group itself. */
@Entity({ name: 'license_group', schema })
@Index('ix_license_group_parent', ['projectId', 'parentId'])
@Index('ix_license_group_removed', ['removedAt'], { where: '"removed_at" IS NOT NULL' })
export class LicenseGroupEntity {
  @Column(OF_TENANT)
  tenantId!: string;
  @PrimaryColumn({ name: 'project_id', type: 'text', primaryKeyConstraintName: 'pk_license_group' })
  projectId!: string;
  @PrimaryColumn({ name: 'group_id', type: 'text', primaryKeyConstraintName: 'pk_license_group' })
  groupId!: string;
  @Column({ name: 'parent_id', type: 'text', nullable: true })
  parentId!: string | null;
  @Column({ type: 'text' })
  type!: string;
  @Column({ type: 'text' })
  name!: string;
  @Column({ type: 'text', array: true })
  path!: string[];
  @Column({ name: 'removed_at', type: 'timestamptz', nullable: true })
  removedAt!: Date | null;
}

@Entity({ name: 'allotment', schema })
@Index('ix_allotment_end', ['validUntil', 'projectId', 'groupId', 'allotmentId'], {
  where: '"valid_until" IS NOT NULL',
})
@Index('ix_allotment_end_of_project', ['projectId', 'validUntil'], { where: '"valid_until" IS NOT NULL' })
export class AllotmentEntity {
  @Column(OF_TENANT)
  tenantId!: string;
  @PrimaryColumn({ name: 'project_id', type: 'text', primaryKeyConstraintName: 'pk_allotment' })
  projectId!: string;
  @PrimaryColumn({ name: 'group_id', type: 'text', primaryKeyConstraintName: 'pk_allotment' })
  groupId!: string;
  @PrimaryColumn({ name: 'allotment_id', type: 'text', primaryKeyConstraintName: 'pk_allotment' })
  allotmentId!: string;
  @Column({ type: 'text' })
  type!: string;
  @Column(limit('sip_number'))
  sipNumber!: string | null;
  @Column(limit('mobile_app'))
  mobileApp!: string | null;
  @Column(limit('ukey2'))
  ukey2!: string | null;
  @Column({ type: 'text', array: true })
  features!: string[];
  @Column({ name: 'valid_from', type: 'timestamptz' })
  validFrom!: Date;
  @Column({ name: 'valid_until', type: 'timestamptz', nullable: true })
  validUntil!: Date | null;
}

/** A license of a project. A device's Basic license has the id `basic:<serial number>`. */
@Entity({ name: 'license', schema })
@Index('ix_license_end', ['validUntil', 'projectId', 'licenseId'], { where: '"valid_until" IS NOT NULL' })
export class LicenseEntity {
  @Column(OF_TENANT)
  tenantId!: string;
  @PrimaryColumn({ name: 'project_id', type: 'text', primaryKeyConstraintName: 'pk_license' })
  projectId!: string;
  @PrimaryColumn({ name: 'license_id', type: 'text', primaryKeyConstraintName: 'pk_license' })
  licenseId!: string;
  @Column({ type: 'text' })
  type!: string;
  @Column(limit('sip_number'))
  sipNumber!: string | null;
  @Column(limit('mobile_app'))
  mobileApp!: string | null;
  @Column(limit('ukey2'))
  ukey2!: string | null;
  @Column({ type: 'text', array: true })
  features!: string[];
  @Column({ name: 'valid_from', type: 'timestamptz' })
  validFrom!: Date;
  @Column({ name: 'valid_until', type: 'timestamptz', nullable: true })
  validUntil!: Date | null;
  @Column({ type: 'jsonb' })
  source!: object;
  @Column({ name: 'suspended_reason', type: 'text', nullable: true })
  suspendedReason!: string | null;
  @Column({ name: 'revoked_reason', type: 'text', nullable: true })
  revokedReason!: string | null;
}

/** Who, when, what, before and after: one entry for every group an event is about. */
@Entity({ name: 'history_entry', schema })
@Index('ix_history_entry_group', ['projectId', 'groupId', 'position', 'ordinal'])
@Index('ix_history_entry_subject', ['projectId', 'subject', 'position', 'ordinal'], { where: '"subject" IS NOT NULL' })
@Index('ix_history_entry_age', ['recordedAt'])
export class HistoryEntryEntity {
  @Column(OF_TENANT)
  tenantId!: string;
  @PrimaryColumn({ name: 'project_id', type: 'text', primaryKeyConstraintName: 'pk_history_entry' })
  projectId!: string;
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'pk_history_entry' })
  position!: string;
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'pk_history_entry' })
  ordinal!: number;
  @Column({ name: 'event_id', type: 'text' })
  eventId!: string;
  @Column({ name: 'event_type', type: 'text' })
  eventType!: string;
  /** `null`: the project as a whole. */
  @Column({ name: 'group_id', type: 'text', nullable: true })
  groupId!: string | null;
  /** `group:<id>`, `restriction:<id>`, `license:<id>`: what `before` and `after` are states of. */
  @Column({ type: 'text', nullable: true })
  subject!: string | null;
  @Column({ type: 'timestamptz' })
  at!: Date;
  @Column({ name: 'recorded_at', type: 'timestamptz' })
  recordedAt!: Date;
  @Column({ type: 'text' })
  actor!: string;
  @Column({ name: 'correlation_id', type: 'text' })
  correlationId!: string;
  @Column({ type: 'json' })
  details!: object;
  @Column({ type: 'json', nullable: true })
  before!: object | null;
  @Column({ type: 'json', nullable: true })
  after!: object | null;
}

@Entity({ name: 'usage_period', schema })
export class UsagePeriodEntity {
  @Column(OF_TENANT)
  tenantId!: string;
  @PrimaryColumn({ name: 'project_id', type: 'text', primaryKeyConstraintName: 'pk_usage_period' })
  projectId!: string;
  @PrimaryColumn({ name: 'until_at', type: 'timestamptz', primaryKeyConstraintName: 'pk_usage_period' })
  until!: Date;
  @Column({ name: 'from_at', type: 'timestamptz' })
  from!: Date;
  @Column({ name: 'period_id', type: 'text' })
  periodId!: string;
  @Column({ type: 'text' })
  interval!: string;
  @Column({ name: 'anchor_day', type: 'integer' })
  anchorDay!: number;
  @Column({ name: 'time_zone', type: 'text' })
  timeZone!: string;
  @Column({ name: 'payment_model', type: 'text' })
  paymentModel!: string;
  /** By resource, in the form of the integration event. */
  @Column({ type: 'json' })
  totals!: object;
}

export const ENTITIES = [LicenseGroupEntity, AllotmentEntity, LicenseEntity, HistoryEntryEntity, UsagePeriodEntity];
