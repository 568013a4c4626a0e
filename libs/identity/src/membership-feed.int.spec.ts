import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ROLES, type GroupsEventType } from '@allotree/contracts';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import { DataSource } from 'typeorm';
import type { IdentityView } from './identity-view.js';
import { MembershipFeed } from './membership-feed.js';
import { dropMembershipTables, MEMBERSHIP_TABLES, membershipTables, MembershipRows } from './membership-rows.js';

let database: TestDatabase;
let dataSource: DataSource;
let feed: MembershipFeed;
let rows: MembershipRows;
const identity = { follow: () => Promise.resolve() } as unknown as IdentityView;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource({ type: 'postgres', url: database.connectionString }).initialize();
  await dataSource.query(`CREATE SCHEMA spec; ${membershipTables('spec')}`);
});
afterAll(async () => {
  await dataSource.query(dropMembershipTables('spec'));
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  await dataSource.query(`TRUNCATE ${MEMBERSHIP_TABLES.map((table) => `spec.${table}`).join(', ')}`);
  feed = new MembershipFeed(dataSource, 'spec', identity);
  rows = new MembershipRows(dataSource, 'spec');
});

let count = 0;
const event = (type: GroupsEventType, subject: string, data: object): object => ({
  specversion: '1.0',
  id: `event-${(count += 1)}`,
  source: '/group-service',
  type,
  subject,
  time: '2026-06-01T08:00:00.000Z',
  datacontenttype: 'application/json',
  dataschema: `urn:allotree:schema:${type}`,
  tenantid: 'nord',
  correlationid: 'c',
  causationid: null,
  actor: 'user:ada',
  sequence: String(count).padStart(16, '0'),
  data,
});
const member = (role: string, groupId = 'a'): object => ({
  projectId: 'house',
  groupId,
  memberId: 'm1',
  userId: 'kim',
  email: 'kim@example.com',
  name: 'Kim',
  role,
});
const added = (role: string, groupId?: string) => event('allotree.member-added.v1', 'house', member(role, groupId));
const removed = () => event('allotree.member-removed.v1', 'house', member('user'));
const role = (permissions: string[]) =>
  event('allotree.role-changed.v1', 'nord', { tenantId: 'nord', roleId: 'helper', name: 'Helper', permissions });
const partner = () =>
  event('allotree.partner-registered.v1', 'dealer', {
    partnerId: 'dealer',
    kind: 'dealer',
    name: 'Dealer',
    parentPartnerId: 'nord',
    tenantId: 'nord',
    administrator: { userId: 'ben', email: 'ben@example.com', name: 'Ben' },
  });

const held = async (userId: string): Promise<unknown> =>
  (await rows.holdingsOf(userId, true)).map(({ scope, permissions }) => ({ scope, permissions: [...permissions] }));
const atGroup = { kind: 'group', projectId: 'house', groupId: 'a' };

describe('the view of memberships', () => {
  it('holds what the events say, and the same when they are delivered again', async () => {
    const events = [partner(), added('user'), added('concierge')];
    await feed.follow(events);
    await feed.follow(events);
    expect(await held('kim')).toEqual([{ scope: atGroup, permissions: ROLES.concierge }]);
    expect(await held('ben')).toEqual([
      { scope: { kind: 'partner', partnerId: 'dealer' }, permissions: ROLES.site_administrator },
    ]);
    expect(await rows.partner('dealer')).toEqual({ tenantId: 'nord', partnerId: 'dealer' });
  });

  it('ends in the same state as a rebuild from the beginning', async () => {
    const events = [added('user'), removed(), added('concierge'), removed()];
    await feed.follow(events);
    await feed.follow(events);
    expect(await held('kim')).toEqual([]);
  });

  it('gives back nothing that was revoked when an older grant arrives late', async () => {
    const [given, changed, helps] = [added('user'), added('concierge'), role(['devices:read'])];
    const gone = event('allotree.role-removed.v1', 'nord', { tenantId: 'nord', roleId: 'helper' });
    await feed.follow([given, helps, gone, removed(), changed]);
    expect(await held('kim')).toEqual([]);
    await feed.follow([helps]);
    await feed.follow([added('helper')]);
    expect(await held('kim')).toEqual([{ scope: atGroup, permissions: [] }]);
  });

  it('applies the latest permissions to a role of the tenant, in any order of events', async () => {
    await feed.follow([added('helper')]);
    expect(await held('kim')).toEqual([{ scope: atGroup, permissions: [] }]);
    await feed.follow([role(['devices:read', 'a-permission-of-next-year'])]);
    expect(await held('kim')).toEqual([{ scope: atGroup, permissions: ['devices:read'] }]);
    await feed.follow([role(['quotas:read'])]);
    expect(await held('kim')).toEqual([{ scope: atGroup, permissions: ['quotas:read'] }]);
    await feed.follow([event('allotree.role-removed.v1', 'nord', { tenantId: 'nord', roleId: 'helper' })]);
    expect(await held('kim')).toEqual([{ scope: atGroup, permissions: [] }]);
  });

  it('follows administrators of partners', async () => {
    const facts = { partnerId: 'dealer', tenantId: 'nord', userId: 'kim', email: 'k@example.com', name: 'Kim' };
    await feed.follow([
      partner(),
      event('allotree.partner-administrator-added.v1', 'dealer', { ...facts, role: 'helper' }),
      event('allotree.partner-administrator-added.v1', 'dealer', { ...facts, role: 'site_administrator' }),
      event('allotree.partner-administrator-removed.v1', 'dealer', { partnerId: 'dealer', userId: 'ben' }),
    ]);
    expect(await held('kim')).toEqual([
      { scope: { kind: 'partner', partnerId: 'dealer' }, permissions: ROLES.site_administrator },
    ]);
    expect(await held('ben')).toEqual([]);
  });

  it('writes nothing of a batch that contains an invalid event', async () => {
    await expect(feed.follow([added('user'), { ...removed(), data: { projectId: 7 } }])).rejects.toThrow('projectId');
    expect(await held('kim')).toEqual([]);
  });

  it('ignores events that are not about memberships', async () => {
    const moved = event('allotree.group-moved.v1', 'house', { projectId: 'house', groupId: 'a', parentId: 'b' });
    await feed.follow([added('user')]);
    const before = await held('kim');
    await feed.follow([moved, { ...moved, type: 'allotree.something-new.v1' }]);
    expect(await held('kim')).toEqual(before);
    expect(before).toHaveLength(1);
  });
});
