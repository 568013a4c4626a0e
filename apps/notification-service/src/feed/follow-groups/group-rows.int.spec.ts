import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { dataSchemaOf, sequenceOf, type GroupsEvent } from '@allotree/contracts';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { openDataSource } from '../../persistence/data-source.js';
import { record } from './group-rows.js';

const projectId = 'hafenblick';
const ada = { projectId, groupId: 'a', memberId: 'm1', userId: 'ada', email: 'ada@example.com', name: 'Ada' };
const kim = { projectId, groupId: 'u', memberId: 'm2', userId: 'kim', email: 'kim@example.com', name: 'Kim' };
const group = (groupId: string, parentId: string) => ({ groupId, parentId, type: 'custom', name: groupId });

const STORY: readonly (readonly [type: string, data: object])[] = [
  ['project-created', { projectId, tenantId: 't', partnerId: 'p', name: 'Hafenblick', timeZone: 'UTC' }],
  ['groups-placed', { projectId, groups: [group('a', projectId), group('b', projectId), group('u', 'a')] }],
  ['member-added', { ...ada, role: 'user' }],
  ['member-added', { ...kim, role: 'concierge' }],
  ['group-changed', { projectId, groupId: 'a', type: 'custom', name: 'Old' }],
  ['group-changed', { projectId, groupId: 'a', type: 'custom', name: 'New' }],
  ['group-moved', { projectId, groupId: 'u', parentId: 'b' }],
  ['member-removed', { ...ada, role: 'user' }],
  ['group-removed', { projectId, groupId: 'b' }],
  ['group-changed', { projectId, groupId: projectId, type: 'company', name: 'Hafenblick II' }],
];

const events = STORY.map(([name, data], index) => ({
  specversion: '1.0',
  id: `e${index}`,
  type: `allotree.${name}.v1`,
  dataschema: dataSchemaOf(`allotree.${name}.v1` as never),
  sequence: sequenceOf(index),
  data,
})) as unknown as readonly GroupsEvent[];

describe('what is known of groups and their people', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.connectionString);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });
  beforeEach(() => dataSource.query('TRUNCATE notifications.group_node, notifications.member, notifications.project'));

  const hear = (indexes: readonly number[]) =>
    dataSource.transaction(async (tx) => {
      for (const index of indexes) await record(tx, events[index]!);
    });
  const everything = async () => ({
    groups: await dataSource.query('SELECT * FROM notifications.group_node ORDER BY group_id'),
    members: await dataSource.query('SELECT * FROM notifications.member ORDER BY member_id'),
  });
  const inOrder = STORY.map((_, index) => index);

  it('follows what happened', async () => {
    await hear(inOrder);
    const { groups, members } = await everything();
    expect(groups).toMatchObject([
      { group_id: 'a', parent_id: projectId, name: 'New', removed: false },
      { group_id: 'b', parent_id: projectId, name: 'b', removed: true },
      { group_id: projectId, parent_id: null, name: 'Hafenblick II', removed: false },
      { group_id: 'u', parent_id: 'b', name: 'u', removed: true },
    ]);
    expect(members).toMatchObject([
      { member_id: 'm1', email: '', name: '', removed: true },
      { member_id: 'm2', email: '', name: '', removed: true },
    ]);
  });

  it('is the same after events have come again, however often and however late', async () => {
    await hear(inOrder);
    const before = await everything();
    const index = fc.integer({ min: 0, max: STORY.length - 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(index, { maxLength: 15 }), async (again) => {
        await hear(again);
        expect(await everything()).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });

  it.each([2, 3, 4, 5, 7, 9])(
    'is the same when event %i comes after all others, as a dead letter does',
    async (late) => {
      await hear(inOrder);
      const { groups, members } = await everything();
      await dataSource.query('TRUNCATE notifications.group_node, notifications.member, notifications.project');
      await hear(inOrder.filter((index) => index !== late));
      await hear([late]);
      const now = await everything();
      expect(now.groups).toEqual(groups);
      // A member who came late into a group that is gone gets no mail there; a member who left earlier is not restored.
      expect(now.members[0]).toEqual(members[0]);
    },
  );

  it('keeps the language an account chose last, whatever other events arrive and in whatever order', async () => {
    const changes = [
      { active: true, language: 'en' },
      { language: 'de' },
      { active: false },
      { email: 'kim@example.com' },
    ].map((change, index) => ({
      ...events[0]!,
      type: 'allotree.user-changed.v1',
      sequence: sequenceOf(index),
      data: { userId: 'kim', ...change },
    })) as unknown as readonly GroupsEvent[];
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 0, 2],
      [2, 1, 0, 1, 0],
    ]) {
      await dataSource.query('TRUNCATE notifications.account');
      for (const index of order) await record(dataSource.manager, changes[index]!);
      expect(await dataSource.query('SELECT user_id, active, language FROM notifications.account')).toEqual([
        { user_id: 'kim', active: false, language: 'de' },
      ]);
    }
    await dataSource.query('TRUNCATE notifications.account');
    await record(dataSource.manager, changes[1]!);
    expect(await dataSource.query('SELECT active, language FROM notifications.account')).toEqual([
      { active: true, language: 'de' },
    ]);
  });

  it('takes events of a time before there were sequences as they come', async () => {
    const { sequence: _none, ...unnumbered } = events[4]!;
    await hear([0, 1]);
    await dataSource.query('UPDATE notifications.group_node SET name_sequence = -1');
    await record(dataSource.manager, unnumbered as GroupsEvent);
    expect((await everything()).groups[0]).toMatchObject({ group_id: 'a', name: 'Old' });
  });
});
