import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_DEPTH } from '../words.js';
import { nameKey } from '../names.js';
import {
  groupOf,
  groupTreeAggregate as aggregate,
  isGroup,
  type GroupTreeState,
  type TreeCommand,
  type TreeEvent,
  type TreeRefusal,
} from './index.js';
import { heightOf, idOf, NONE, parentOf, subtree } from './tree.js';
import { modelRuns } from '../model-runs.fixture.js';

const projectId = 'p';
const created: TreeEvent = {
  type: 'ProjectCreated',
  data: { projectId, tenantId: 't', partnerId: 't', timeZone: 'UTC', billingMode: 'prepaid', trial: false, name: 'P' },
};

/** Few ids and names, so that commands meet each other. */
const id = fc.integer({ min: 0, max: 11 }).map((n) => (n === 0 ? projectId : `g${n}`));
const anyGroup = fc.oneof(
  id,
  fc.integer({ min: 0, max: 7 }).map((n) => `run_${n}`),
);
const name = fc.constantFrom('A', 'a', ' B', 'B', 'Caf\u00e9', 'cafe\u0301', '1', '2');
const externalId = fc.option(fc.constantFrom('E1', 'E2', ' E2', 'e1'), { nil: undefined });
/** `null` removes the one there is. */
const changedExternalId = fc.option(externalId);
const serialNumber = fc.constantFrom('S1', 'S2', 'S3');
const levels = fc.constantFrom(
  {
    building: { count: 2, firstNumber: 1, namePattern: '{n}' },
    apartment: { count: 3, firstNumber: 1, namePattern: '{building}{n}' },
  },
  { floor: { count: 1, firstNumber: 1, namePattern: 'B' } },
);

const command: fc.Arbitrary<TreeCommand> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('CreateGroup' as const),
      projectId: fc.constant(projectId),
      groupId: id,
      parentId: anyGroup,
      groupType: fc.constant('custom' as const),
      name,
      externalId,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('MoveGroup' as const),
      projectId: fc.constant(projectId),
      groupId: anyGroup,
      parentId: anyGroup,
    }),
  },
  fc.record({
    type: fc.constant('ChangeGroupDetails' as const),
    projectId: fc.constant(projectId),
    groupId: anyGroup,
    groupType: fc.constantFrom('unit' as const, null),
    name: fc.option(name),
    externalId: changedExternalId,
  }),
  fc.record({ type: fc.constant('RemoveSubtree' as const), projectId: fc.constant(projectId), groupId: anyGroup }),
  fc.record({
    type: fc.constant('GenerateGroups' as const),
    projectId: fc.constant(projectId),
    parentId: anyGroup,
    newId: fc.constantFrom('run', 'other'),
    levels,
    apartmentsRestart: fc.constant('unit' as const),
  }),
  fc.record({
    type: fc.constant('AddMember' as const),
    projectId: fc.constant(projectId),
    memberId: fc.uuid(),
    groupId: anyGroup,
    userId: fc.constant('u'),
    email: fc.constantFrom('a@b.c', 'A@b.c', 'd@e.f'),
    name,
    role: fc.constantFrom('user' as const, 'concierge' as const),
    externalId: changedExternalId,
  }),
  fc.record({
    type: fc.constant('AddDevice' as const),
    projectId: fc.constant(projectId),
    serialNumber,
    groupId: anyGroup,
    model: fc.constant('m'),
    claimId: fc.constantFrom('c1', 'c2'),
    externalId,
  }),
  fc.record({
    type: fc.constant('SetDeviceExternalId' as const),
    projectId: fc.constant(projectId),
    serialNumber,
    groupId: anyGroup,
    externalId: fc.option(fc.constantFrom('E1', 'E2')),
  }),
  fc.record({
    type: fc.constant('RemoveDevice' as const),
    projectId: fc.constant(projectId),
    serialNumber,
    groupId: anyGroup,
  }),
);

/** All facts of a state, in an order that does not depend on its history. */
const picture = (state: GroupTreeState) => ({
  project: state.project,
  groups: [...state.tree.slots.keys()].sort().map((groupId) => groupOf(state, groupId)),
  heights: [...state.tree.slots].map(([groupId, slot]) => `${groupId} ${heightOf(state.tree, slot)}`).sort(),
  members: [...state.members.values()].sort((a, b) => a.memberId.localeCompare(b.memberId)),
  membersOf: [...state.membersOf]
    .flatMap(([groupId, of]) => [...of].map((entry) => [groupId, ...entry].join(' ')))
    .sort(),
  devices: [...state.devices].map(([serial, { claimId, groupId, model }]) => [serial, claimId, groupId, model]).sort(),
  externalIds: Object.entries(state.externalIds).map(([kind, { ids, holders }]) => [
    kind,
    [...ids].sort(),
    [...holders].sort(),
  ]),
  devicesOf: [...state.devicesOf].flatMap(([groupId, of]) => [...of].map((serial) => `${groupId} ${serial}`)).sort(),
});

const fold = (events: readonly TreeEvent[]): GroupTreeState => events.reduce(aggregate.evolve, aggregate.initial());

/** Faults in the form of a tree. One list instead of an `expect` for every group, which would cost more than the domain. */
function* treeFaults(state: GroupTreeState): Iterable<object> {
  const { tree } = state;
  const root = tree.slots.get(projectId) as number;
  const reachable = [...subtree(tree, root)];
  // No orphans, no cycles: the walk down from the root meets every group exactly once.
  if (new Set(reachable).size !== reachable.length) yield { reachedTwice: reachable };
  const siblings = new Set<string>();
  for (const slot of reachable) {
    const view = groupOf(state, idOf(tree, slot));
    if (view === null || view.path.length > MAX_DEPTH) yield { tooDeep: slot, view };
    const key = `${view?.parentId}/${nameKey(view?.name ?? '')}`;
    if (siblings.has(key)) yield { nameOfTwoSiblings: key };
    siblings.add(key);
    const below = reachable.filter((other) => parentOf(tree, other) === slot).map((child) => heightOf(tree, child) + 1);
    if (heightOf(tree, slot) !== Math.max(0, ...below)) yield { slot, height: heightOf(tree, slot), below };
  }
  if (parentOf(tree, root) !== NONE) yield { rootUnder: parentOf(tree, root) };
  for (const member of state.members.values()) if (!isGroup(state, member.groupId)) yield { member };
  for (const device of state.devices.values())
    if (device.groupId !== null && !isGroup(state, device.groupId)) yield { device };
}

/** External ids that two things of a kind have, that nothing has any more, or that are stored untidily. */
function* externalIdFaults(state: GroupTreeState): Iterable<object> {
  const inTree = {
    group: (holder: string) => isGroup(state, holder),
    member: (holder: string) => state.members.has(holder),
    device: (holder: string) => (state.devices.get(holder)?.groupId ?? null) !== null,
  };
  for (const kind of ['group', 'member', 'device'] as const) {
    const { ids, holders } = state.externalIds[kind];
    if (new Set(ids.values()).size !== ids.size || holders.size !== ids.size) yield { kind, shared: [...ids] };
    for (const [holder, externalId] of ids)
      if (!inTree[kind](holder) || externalId.trim() !== externalId) yield { kind, holder, externalId };
  }
  for (const { memberId, externalId } of state.members.values())
    if (state.externalIds.member.ids.get(memberId) !== externalId) yield { memberId, externalId };
}

/** A refusal names who has the external id at that moment, and another thing than the command is about. */
const checkTaken = (state: GroupTreeState, refusal: TreeRefusal): void => {
  if (refusal.code !== 'EXTERNAL_ID_TAKEN') return;
  const { ids } = state.externalIds[refusal.kind as 'group' | 'member' | 'device'];
  expect(ids.get(refusal.holderId as string)).toBe(refusal.externalId);
};

const checkTree = (state: GroupTreeState): void => {
  const { tree } = state;
  const reachable = [...subtree(tree, tree.slots.get(projectId) as number)];
  expect(reachable.map((slot) => idOf(tree, slot)).sort()).toEqual([...tree.slots.keys()].sort());
  expect([...treeFaults(state), ...externalIdFaults(state)]).toEqual([]);
};

/** Removals find nothing the second time; everything else is already so. */
const checkRepeated = (state: GroupTreeState, repeated: TreeCommand): void => {
  const again = aggregate.decide(state, repeated);
  if (again.ok) expect(again.events).toEqual([]);
  else expect([repeated.type, again.refusal.code]).toEqual([expect.stringMatching(/^Remove/), 'NOT_FOUND']);
};

describe('any list of commands', () => {
  it('leaves a tree: no cycles, no orphans, no two siblings of one name, no two things of a kind with one external id, at most 32 levels; decisions are idempotent; replay and snapshot agree', () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 60 }), (commands) => {
        const state = fold([created]);
        const events: TreeEvent[] = [created];
        for (const next of commands) {
          const decision = aggregate.decide(state, next);
          if (!decision.ok) {
            checkTaken(state, decision.refusal);
            continue;
          }
          for (const event of decision.events) aggregate.evolve(state, event);
          events.push(...decision.events);
          if (decision.events.length > 0) checkRepeated(state, next);
        }
        checkTree(state);
        const stored = events.map(
          (event) => JSON.parse(JSON.stringify(aggregate.encode(event))) as { type: string; data: unknown },
        );
        expect(picture(fold(stored.map(({ type, data }) => aggregate.decode(type, data))))).toEqual(picture(state));
        const restored = aggregate.snapshot.decode(JSON.parse(JSON.stringify(aggregate.snapshot.encode(state))));
        expect(picture(restored)).toEqual(picture(state));
        checkTree(restored);
      }),
      modelRuns(),
    );
  });

  it('keeps every group of a chain within 32 levels, however chains are hung below each other', () => {
    const chain = (newId: string): TreeEvent[] =>
      Array.from({ length: 20 }, (_, i) => ({
        type: 'GroupCreated',
        data: {
          groupId: `${newId}${i}`,
          parentId: i === 0 ? projectId : `${newId}${i - 1}`,
          type: 'custom',
          name: newId,
        },
      }));
    const anyId = fc
      .tuple(fc.constantFrom('x', 'y', 'z'), fc.integer({ min: 0, max: 19 }))
      .map(([chainId, i]) => `${chainId}${i}`);
    fc.assert(
      fc.property(fc.array(fc.tuple(anyId, anyId), { maxLength: 40 }), (moves) => {
        const state = fold([created, ...chain('x'), ...chain('y'), ...chain('z')]);
        for (const [groupId, parentId] of moves) {
          const decision = aggregate.decide(state, { type: 'MoveGroup', projectId, groupId, parentId });
          if (decision.ok) for (const event of decision.events) aggregate.evolve(state, event);
        }
        checkTree(state);
      }),
      modelRuns(),
    );
  });
});
