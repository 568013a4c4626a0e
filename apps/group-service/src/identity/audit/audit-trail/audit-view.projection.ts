import {
  administratorRole,
  groupTreeAggregate,
  joinRequestAggregate,
  partnerAggregate,
  tenantRolesAggregate,
  userAggregate,
  type PartnerFacts,
} from '@allotree/domain';
import type { AuditAction } from '@allotree/contracts';
import type { Projection, RecordedEvent } from '@allotree/event-sourcing';
import { insertRows } from '@allotree/read-models';

export const AUDIT_VIEW = 'audit_view';

type Facts = Readonly<Record<string, unknown>>;

interface Audited {
  readonly action: AuditAction;
  /** Which fact names whom it is about. */
  readonly about?: string;
  /** The facts to show; absent: all of them. */
  readonly shown?: (facts: Facts) => Facts;
}

/** The administrator a partner begins with, in the words in which any other administrator is added. */
const firstAdministrator = (facts: Facts): Facts => {
  const { partnerId, tenantId, kind, administrator } = facts as unknown as PartnerFacts;
  const { administratorId: userId, email, name } = administrator;
  return { partnerId, tenantId, userId, email, name, role: administratorRole(kind) };
};

/** Which events are about who may what, and who may come in: what they are called here, and whom they are about. */
const AUDITED: Readonly<Record<string, Audited>> = {
  MemberAdded: { action: 'membership_granted', about: 'userId' },
  MemberRemoved: { action: 'membership_revoked', about: 'userId' },
  PartnerRegistered: { action: 'membership_granted', about: 'userId', shown: firstAdministrator },
  PartnerAdministratorAdded: { action: 'membership_granted', about: 'userId' },
  PartnerAdministratorRemoved: { action: 'membership_revoked', about: 'userId' },
  ProjectClosed: { action: 'project_closed' },
  PartnerClosed: {
    action: 'partner_closed',
    shown: ({ partnerId, tenantId, reason }) => ({ partnerId, tenantId, reason }),
  },
  PartnerPromoted: { action: 'partner_promoted' },
  PostpaidAllowed: { action: 'postpaid_allowed' },
  PostpaidWithdrawn: { action: 'postpaid_withdrawn' },
  JoinRequested: { action: 'join_requested' },
  JoinApproved: { action: 'join_approved' },
  JoinRejected: { action: 'join_rejected' },
  RoleDefined: { action: 'role_defined' },
  RoleChanged: { action: 'role_changed' },
  RoleRemoved: { action: 'role_removed' },
  UserRegistered: { action: 'account_opened', about: 'userId' },
  UserDeactivated: { action: 'account_deactivated' },
  UserReinstated: { action: 'account_reinstated' },
  IdentityLinked: { action: 'identity_linked' },
  SessionRevoked: { action: 'session_revoked', about: 'userId' },
};

const COLUMNS = {
  event_id: 'text',
  tenant_id: 'text',
  at: 'timestamptz',
  actor: 'text',
  action: 'text',
  user_id: 'text',
  facts: 'jsonb',
};

const rowOf = ({ type, data, streamName, metadata }: RecordedEvent): Record<keyof typeof COLUMNS, unknown>[] => {
  const audited = AUDITED[type];
  if (audited === undefined) return [];
  const facts = audited.shown?.(data as Facts) ?? (data as Facts);
  const dash = streamName.indexOf('-');
  const [category, subject] = [streamName.slice(0, dash), streamName.slice(dash + 1)];
  const isAccount = category === userAggregate.category;
  const about = audited.about === undefined ? undefined : facts[audited.about];
  return [
    {
      event_id: metadata.eventId,
      // An account belongs to no tenant, whatever earlier versions stored.
      tenant_id: isAccount ? null : metadata.tenantId,
      at: metadata.recordedAt,
      actor: metadata.actor,
      action: audited.action,
      user_id: about ?? (isAccount ? subject : null),
      facts: JSON.stringify(category === groupTreeAggregate.category ? { projectId: subject, ...facts } : facts),
    },
  ];
};

/** The part of the audit trail that follows from events. */
export const auditView: Projection = {
  name: AUDIT_VIEW,
  categories: [
    userAggregate.category,
    groupTreeAggregate.category,
    partnerAggregate.category,
    joinRequestAggregate.category,
    tenantRolesAggregate.category,
  ],
  batchSize: 500,
  async apply(events, tx) {
    await insertRows(tx, 'groups.audit', COLUMNS, events.flatMap(rowOf));
  },
  // The other lines, such as those of sign-ins, are no events.
  tables: [{ name: 'audit', key: ['event_id'], where: 'event_id IS NOT NULL' }],
};
