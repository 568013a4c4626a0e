import { randomUUID } from 'node:crypto';

/** Ten groups of the same depth as the large tree: a company, a building, a unit, two floors and five apartments. */
export function smallTree(projectId) {
  const groups = [{ groupId: projectId, parentId: null, type: 'company', name: projectId }];
  const below = growing(groups);
  const floors = below(below(below([projectId], 1, 'building'), 1, 'unit'), 2, 'floor');
  const apartments = [...below([floors[0]], 3, 'apartment'), ...below([floors[1]], 2, 'apartment')];
  return { groups, apartments };
}

/**
 * 101,000 groups below one company, parents first: `buildings` (100 in the full tree) with 4 units, 12 floors and 20
 * apartments per floor.
 */
export function largeTree(projectId, buildings) {
  const groups = [{ groupId: projectId, parentId: null, type: 'company', name: projectId }];
  const below = growing(groups);
  const floors = below(below(below([projectId], buildings, 'building'), 4, 'unit'), 12, 'floor');
  return { groups, apartments: below(floors, 20, 'apartment') };
}

/** Adds `count` groups below each parent and returns their ids. */
const growing = (groups) => (parents, count, type) =>
  parents.flatMap((parentId) =>
    Array.from({ length: count }, (_, index) => {
      const groupId = `${parentId}_${type[0]}${index + 1}`;
      groups.push({ groupId, parentId, type, name: `${type} ${index + 1}` });
      return groupId;
    }),
  );

const PLENTY = 50_000_000;
const BELOW_PROJECT = { building: 20_000_000, unit: 10_000_000, floor: 5_000_000, apartment: 1_000_000 };
const sameOfEach = (units) => ({ sip_number: units, mobile_app: units, ukey2: units });

/** Events that create a project: its groups, and a license for all it will ever use. */
export function openingCommands(projectId, groups, now) {
  return [
    {
      type: 'OpenProject',
      now,
      projectId,
      tenantId: 'tenant',
      partnerId: 'partner',
      name: projectId,
      timeZone: 'Europe/Berlin',
      billingMode: 'prepaid',
    },
    ...inChunks(groups, 1_000).map((chunk) => ({ type: 'PlaceGroups', now, groups: chunk })),
    {
      type: 'GrantLicense',
      now,
      licenseId: `${projectId}_license`,
      licenseType: 'plus',
      units: sameOfEach(PLENTY),
      features: [],
      validFrom: null,
      validUntil: null,
      source: { kind: 'manual' },
    },
  ];
}

/** Sets a limit on every group of these types, high enough for all assignments of a benchmark. */
export const restrictionCommands = (groups, types, now) =>
  groups
    .filter(({ type }) => types.includes(type))
    .map(({ groupId, type }) => restrict(groupId, sameOfEach(BELOW_PROJECT[type]), now));

/** Sets a limit on a group, with an optional end and reminder. */
export const restrict = (groupId, units, now, { validUntil = null, reminder = null } = {}) => ({
  type: 'SetRestriction',
  now,
  groupId,
  enabled: true,
  poolMode: 'shared',
  gracePeriodDays: 0,
  allotments: [{ allotmentId: null, type: 'plus', units, features: [], validFrom: null, validUntil }],
  reminder,
  newIds: [`${groupId}_allotment`],
  cascade: false,
  authority: { kind: 'vendor' },
});

/** Assigns a unit at an apartment. */
export const assign = (groupId, now) => ({
  type: 'AssignUnit',
  now,
  assignmentId: randomUUID(),
  groupId,
  resource: 'sip_number',
  label: '101',
  holder: null,
  sipAssignmentId: null,
});

export const release = (assignmentId, groupId, now) => ({ type: 'ReleaseAssignment', now, assignmentId, groupId });

export const context = () => {
  const commandId = randomUUID();
  return { commandId, correlationId: commandId, causationId: null, actor: 'user:bench', tenantId: 'tenant' };
};

const inChunks = (list, size) =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
