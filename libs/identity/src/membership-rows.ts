import {
  builtInPermissions,
  isTenantPermission,
  type GroupsEvent,
  type GroupsEventData,
  type GroupsEventType,
} from '@allotree/contracts';
import type { Holding, Permission } from '@allotree/contracts';
import { LRUCache } from 'lru-cache';
import type { DataSource, EntityManager } from 'typeorm';
import { insertRows, type Row } from '@allotree/read-models';
import { Memberships, type Ownership } from './permission-checker.js';
import { atMost, CACHE_TTL_MS } from './cache-ttl.js';

const MAX_CACHED_PEOPLE = 10_000;
const MAX_CACHED_PLACES = 50_000;

/** The tables of a service's view of memberships, for a migration of its schema. */
export const membershipTables = (schema: string): string => `
  CREATE TABLE ${schema}.access_partner (
    partner_id text PRIMARY KEY,
    tenant_id  text NOT NULL
  );
  CREATE TABLE ${schema}.access_project (
    project_id text PRIMARY KEY,
    tenant_id  text NOT NULL,
    partner_id text NOT NULL
  );
  CREATE TABLE ${schema}.access_role (
    tenant_id   text   NOT NULL,
    role_id     text   NOT NULL,
    permissions text[] NOT NULL,
    PRIMARY KEY (tenant_id, role_id)
  );
  -- At a group (home: its project), or at a partner (home: the partner, without a group).
  CREATE TABLE ${schema}.access_membership (
    home          text NOT NULL,
    membership_id text NOT NULL,
    tenant_id     text NOT NULL,
    group_id      text,
    user_id       text NOT NULL,
    role          text NOT NULL,
    PRIMARY KEY (home, membership_id)
  );
  CREATE INDEX access_membership_by_user ON ${schema}.access_membership (user_id);
  CREATE INDEX access_membership_by_role ON ${schema}.access_membership (tenant_id, role);
  -- The sequence of the latest event about each membership and role, including removed ones.
  CREATE TABLE ${schema}.access_heard (
    about    text PRIMARY KEY,
    sequence text NOT NULL
  );`;

/** Their names. */
export const MEMBERSHIP_TABLES = [
  'access_partner',
  'access_project',
  'access_role',
  'access_membership',
  'access_heard',
];

export const dropMembershipTables = (schema: string): string =>
  `DROP TABLE ${MEMBERSHIP_TABLES.map((table) => `${schema}.${table}`).join(', ')}`;

interface HoldingRow {
  readonly home: string;
  readonly membership_id: string;
  readonly tenant_id: string;
  readonly group_id: string | null;
  readonly role: string;
  readonly permissions: string[] | null;
}

/** A service's view of memberships, as rows of its own schema. */
export class MembershipRows extends Memberships {
  private readonly people = new LRUCache<string, readonly Holding[]>({
    ...atMost(MAX_CACHED_PEOPLE),
    ttl: CACHE_TTL_MS,
  });
  private readonly places = new LRUCache<string, Ownership>(atMost(MAX_CACHED_PLACES));

  constructor(
    private readonly dataSource: DataSource,
    private readonly schema: string,
  ) {
    super();
  }

  async holdingsOf(userId: string, fresh: boolean): Promise<readonly Holding[]> {
    const cached = fresh ? undefined : this.people.get(userId);
    if (cached !== undefined) return cached;
    const rows: HoldingRow[] = await this.dataSource.query(
      `SELECT m.home, m.membership_id, m.tenant_id, m.group_id, m.role, r.permissions
       FROM ${this.schema}.access_membership m
       LEFT JOIN ${this.schema}.access_role r ON r.tenant_id = m.tenant_id AND r.role_id = m.role
       WHERE m.user_id = $1`,
      [userId],
    );
    const holdings = rows.map(holdingOf);
    this.people.set(userId, holdings);
    return holdings;
  }

  async permissionsOf(tenantId: string, role: string): Promise<readonly Permission[] | null> {
    const rows: { permissions: string[] }[] = await this.dataSource.query(
      `SELECT permissions FROM ${this.schema}.access_role WHERE tenant_id = $1 AND role_id = $2`,
      [tenantId, role],
    );
    return rows[0]?.permissions.filter(isTenantPermission) ?? null;
  }

  project(projectId: string): Promise<Ownership | null> {
    return this.ownership('access_project', 'project_id', projectId);
  }

  partner(partnerId: string): Promise<Ownership | null> {
    return this.ownership('access_partner', 'partner_id', partnerId);
  }

  private async ownership(table: string, key: string, id: string): Promise<Ownership | null> {
    const known = this.places.get(`${table} ${id}`);
    if (known !== undefined) return known;
    const [row]: { tenant_id: string; partner_id: string }[] = await this.dataSource.query(
      `SELECT tenant_id, partner_id FROM ${this.schema}.${table} WHERE ${key} = $1`,
      [id],
    );
    if (row === undefined) return null;
    const ownership = { tenantId: row.tenant_id, partnerId: row.partner_id };
    this.places.set(`${table} ${id}`, ownership);
    return ownership;
  }
}

const holdingOf = ({ home, membership_id, tenant_id, group_id, role, permissions }: HoldingRow): Holding => ({
  membershipId: membership_id,
  tenantId: tenant_id,
  scope:
    group_id === null ? { kind: 'partner', partnerId: home } : { kind: 'group', projectId: home, groupId: group_id },
  // A deleted role grants nothing, and a tenant's role never grants the vendor's permissions.
  permissions: new Set((builtInPermissions(role) ?? permissions ?? []).filter(isTenantPermission)),
});

interface EventContext {
  readonly schema: string;
  readonly tx: EntityManager;
  readonly tenantId: string | null;
  readonly sequence: string | undefined;
}
type Writers = {
  readonly [Type in GroupsEventType]?: (context: EventContext, data: GroupsEventData<Type>) => Promise<unknown>;
};

const MEMBERSHIP = {
  home: 'text',
  membership_id: 'text',
  tenant_id: 'text',
  group_id: 'text',
  user_id: 'text',
  role: 'text',
};

const put = (
  { tx, schema }: EventContext,
  table: string,
  columns: Readonly<Record<string, string>>,
  { row, key }: { readonly row: Row; readonly key: readonly string[] },
): Promise<void> => insertRows(tx, `${schema}.${table}`, columns, [row], { key, keep: [] });

/** Skips an event that arrives (again) after a later one about the same subject: it would give back what was revoked. */
async function inOrder(
  { tx, schema, sequence }: EventContext,
  about: string,
  write: () => Promise<unknown>,
): Promise<void> {
  if (sequence === undefined) return void (await write());
  const claimed: unknown[] = await tx.query(
    `INSERT INTO ${schema}.access_heard AS heard (about, sequence) VALUES ($1, $2)
     ON CONFLICT (about) DO UPDATE SET sequence = excluded.sequence WHERE heard.sequence <= excluded.sequence RETURNING about`,
    [about, sequence],
  );
  if (claimed.length > 0) await write();
}

type MembershipRow = Record<keyof typeof MEMBERSHIP, string | null> & { home: string; membership_id: string };

const aboutMembership = (home: string, membershipId: string): string => `membership ${home} ${membershipId}`;

const putMembership = (context: EventContext, row: MembershipRow): Promise<void> =>
  inOrder(context, aboutMembership(row.home, row.membership_id), () =>
    put(context, 'access_membership', MEMBERSHIP, { row, key: ['home', 'membership_id'] }),
  );

const dropMembership = (context: EventContext, home: string, membershipId: string): Promise<void> =>
  inOrder(context, aboutMembership(home, membershipId), () =>
    context.tx.query(`DELETE FROM ${context.schema}.access_membership WHERE home = $1 AND membership_id = $2`, [
      home,
      membershipId,
    ]),
  );

const aboutRole = (tenantId: string, roleId: string): string => `role ${tenantId} ${roleId}`;

const WRITERS: Writers = {
  'allotree.partner-registered.v1': async (context, { partnerId, tenantId, kind, administrator }) => {
    const columns = { partner_id: 'text', tenant_id: 'text' };
    const row = { partner_id: partnerId, tenant_id: tenantId };
    await put(context, 'access_partner', columns, { row, key: ['partner_id'] });
    if (administrator === undefined) return;
    const role = kind === 'distributor' ? 'company_administrator' : 'site_administrator';
    const { userId } = administrator;
    const of = { home: partnerId, tenant_id: tenantId, group_id: null };
    await putMembership(context, { ...of, membership_id: userId, user_id: userId, role });
  },
  'allotree.partner-administrator-added.v1': (context, { partnerId, tenantId, userId, role }) => {
    const of = { home: partnerId, tenant_id: tenantId, group_id: null };
    return putMembership(context, { ...of, membership_id: userId, user_id: userId, role });
  },
  'allotree.partner-administrator-removed.v1': (context, { partnerId, userId }) =>
    dropMembership(context, partnerId, userId),
  'allotree.project-created.v1': (context, { projectId, tenantId, partnerId }) => {
    const columns = { project_id: 'text', tenant_id: 'text', partner_id: 'text' };
    const row = { project_id: projectId, tenant_id: tenantId, partner_id: partnerId };
    return put(context, 'access_project', columns, { row, key: ['project_id'] });
  },
  'allotree.member-added.v1': (context, { projectId, memberId, groupId, userId, role }) => {
    if (context.tenantId === null) throw new Error(`a member of ${projectId} without a tenant`);
    const of = { home: projectId, tenant_id: context.tenantId, group_id: groupId };
    return putMembership(context, { ...of, membership_id: memberId, user_id: userId, role });
  },
  'allotree.member-removed.v1': (context, { projectId, memberId }) => dropMembership(context, projectId, memberId),
  'allotree.role-changed.v1': (context, { tenantId, roleId, permissions }) =>
    inOrder(context, aboutRole(tenantId, roleId), () =>
      context.tx.query(
        `INSERT INTO ${context.schema}.access_role (tenant_id, role_id, permissions) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, role_id) DO UPDATE SET permissions = excluded.permissions`,
        [tenantId, roleId, permissions],
      ),
    ),
  'allotree.role-removed.v1': (context, { tenantId, roleId }) =>
    inOrder(context, aboutRole(tenantId, roleId), () =>
      context.tx.query(`DELETE FROM ${context.schema}.access_role WHERE tenant_id = $1 AND role_id = $2`, [
        tenantId,
        roleId,
      ]),
    ),
};

/**
 * Applies events about memberships in their order. A repeated or late event does not undo later ones, so reading the topic anew ends in the
 * same state. Memberships of a removed group stay as rows without effect, because the group has no path any more.
 */
export async function recordMemberships(
  tx: EntityManager,
  schema: string,
  events: readonly Pick<GroupsEvent, 'type' | 'data' | 'tenantid' | 'sequence'>[],
): Promise<void> {
  for (const { type, data, tenantid, sequence } of events) {
    const write = WRITERS[type] as ((context: EventContext, data: GroupsEvent['data']) => Promise<unknown>) | undefined;
    await write?.({ schema, tx, tenantId: tenantid, sequence }, data);
  }
}
