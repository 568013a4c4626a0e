import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deviceOf,
  groupOf,
  groupTreeAggregate as aggregate,
  type GroupTreeState,
  type TreeCommand,
  type TreeEvent,
} from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { openDataSource } from '../../persistence/data-source.js';
import { treeView } from './tree-view.projection.js';

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

const projects = ['p', 'q'] as const;
const created = (projectId: string): TreeEvent => ({
  type: 'ProjectCreated',
  data: {
    projectId,
    tenantId: 't',
    partnerId: 't',
    timeZone: 'UTC',
    billingMode: 'prepaid',
    trial: false,
    name: projectId,
  },
});
const projectId = fc.constantFrom(...projects);
const groupId = fc.constantFrom('p', 'q', 'g1', 'g2', 'g3', 'g4', 'run_0', 'run_1', 'run_2');
const externalId = fc.constantFrom('E1', 'E2', undefined);
const email = fc.constantFrom('a@example.com', 'b@example.com');
const levels = {
  floor: { count: 2, firstNumber: 1, namePattern: 'F{n}' },
  apartment: { count: 2, firstNumber: 1, namePattern: '{n}' },
};
const as = <Type extends TreeCommand['type']>(type: Type) => ({ type: fc.constant(type), projectId });
const command: fc.Arbitrary<TreeCommand> = fc.oneof(
  fc.record({
    ...as('CreateGroup'),
    groupId,
    parentId: groupId,
    groupType: fc.constant('unit' as const),
    name: fc.constantFrom('A', 'B', 'C'),
    externalId,
  }),
  fc.record({
    ...as('GenerateGroups'),
    parentId: groupId,
    newId: fc.constant('run'),
    levels: fc.constant(levels),
    apartmentsRestart: fc.constant('unit' as const),
  }),
  fc.record({ ...as('MoveGroup'), groupId, parentId: groupId }),
  fc.record({
    ...as('ChangeGroupDetails'),
    groupId,
    groupType: fc.constant(null),
    name: fc.constantFrom('A', 'D'),
    externalId: fc.option(externalId),
  }),
  fc.record({ ...as('RemoveSubtree'), groupId }),
  fc.record({
    ...as('AddMember'),
    memberId: fc.uuid(),
    groupId,
    userId: fc.constant('u'),
    email,
    name: fc.constantFrom('Kim', 'Lee'),
    role: fc.constant('user' as const),
    externalId: fc.option(externalId),
  }),
  fc.record({
    ...as('AddDevice'),
    serialNumber: fc.constantFrom('S1', 'S2'),
    groupId,
    model: fc.constant('m'),
    claimId: fc.uuid(),
    externalId,
  }),
  fc.record({
    ...as('SetDeviceExternalId'),
    serialNumber: fc.constantFrom('S1', 'S2'),
    groupId,
    externalId: fc.constantFrom('E1', 'E2', null),
  }),
  fc.record({ ...as('RemoveDevice'), serialNumber: fc.constantFrom('S1', 'S2'), groupId }),
);

const history = (commands: readonly TreeCommand[]) => {
  const states = new Map<string, GroupTreeState>(
    projects.map((id) => [id, aggregate.evolve(aggregate.initial(), created(id))]),
  );
  const log: { projectId: string; event: TreeEvent }[] = projects.map((id) => ({ projectId: id, event: created(id) }));
  for (const next of commands) {
    const state = states.get(next.projectId) as GroupTreeState;
    const decision = aggregate.decide(state, next);
    if (!decision.ok) continue;
    for (const event of decision.events) {
      aggregate.evolve(state, event);
      log.push({ projectId: next.projectId, event });
    }
  }
  return { states, log };
};

const recorded = (log: readonly { projectId: string; event: TreeEvent }[]): RecordedEvent[] =>
  log.map(({ projectId: id, event }, i) => ({
    ...(JSON.parse(JSON.stringify(aggregate.encode(event))) as { type: string; data: unknown }),
    streamName: `group_tree-${id}`,
    revision: i,
    position: BigInt(i + 1),
    metadata: {
      eventId: `e${i}`,
      correlationId: 'c',
      causationId: null,
      commandId: `c${i}`,
      actor: 'user:u',
      tenantId: 't',
      recordedAt: '2026-06-01T08:00:00.000Z',
    },
  }));

/** As `concat_ws` writes it, which leaves out what is null. */
const line = (...values: readonly (string | null | undefined)[]): string =>
  values.filter((value) => value !== null).join('|');

const sorted = (rows: readonly string[]): string[] => [...rows].sort();

const rowsOf = async (sql: string): Promise<string[]> => {
  const rows: { row: string }[] = await dataSource.query(`SELECT concat_ws('|', ${sql}`);
  return sorted(rows.map(({ row }) => row));
};

describe('the rows of projects, groups, members and devices', () => {
  it('say what the trees say, however the events are cut into batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        async (commands, batch) => {
          const { states, log } = history(commands);
          const events = recorded(log);
          await dataSource.query(`TRUNCATE ${treeView.tables!.map(({ name }) => `groups.${name}`).join(', ')}`);
          for (let from = 0; from < events.length; from += batch) {
            await dataSource.transaction((tx) => treeView.apply(events.slice(from, from + batch), tx));
          }
          const all = [...states].flatMap(([id, state]) =>
            [...state.tree.slots.keys()].map((key) => ({ id, group: groupOf(state, key) })),
          );
          expect(
            await rowsOf(
              `project_id, group_id, coalesce(parent_id, '-'), name, external_id) AS row FROM groups.group_node`,
            ),
          ).toEqual(
            sorted(
              all.map(({ id, group }) =>
                line(id, group?.groupId, group?.parentId ?? '-', group?.name, group?.externalId ?? null),
              ),
            ),
          );
          expect(await rowsOf('project_id, name) AS row FROM groups.project')).toEqual(
            sorted([...states].map(([id, state]) => `${id}|${groupOf(state, id)?.name}`)),
          );
          expect(
            await rowsOf('project_id, member_id, group_id, email, name, external_id) AS row FROM groups.member'),
          ).toEqual(
            sorted(
              [...states].flatMap(([id, state]) =>
                [...state.members.values()].map((m) =>
                  line(id, m.memberId, m.groupId, m.email, m.name, m.externalId ?? null),
                ),
              ),
            ),
          );
          expect(await rowsOf('project_id, serial_number, group_id, external_id) AS row FROM groups.device')).toEqual(
            sorted(
              [...states].flatMap(([id, state]) =>
                [...state.devices.keys()].flatMap((serial) => {
                  const found = deviceOf(state, serial);
                  return found?.serialNumber === serial ? [line(id, serial, found.groupId, found.externalId)] : [];
                }),
              ),
            ),
          );
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});
