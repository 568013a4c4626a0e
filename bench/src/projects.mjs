import { randomUUID } from 'node:crypto';

/** A tree of ten groups: the company, a building, two units and three apartments in each. */
export function smallTree(projectId) {
  const groups = [
    { groupId: projectId, parentId: null, type: 'company', name: projectId },
    { groupId: `${projectId}_b`, parentId: projectId, type: 'building', name: 'Building' },
  ];
  for (const unit of [1, 2]) {
    const unitId = `${projectId}_u${unit}`;
    groups.push({ groupId: unitId, parentId: `${projectId}_b`, type: 'unit', name: `Unit ${unit}` });
    for (const apartment of [1, 2, 3])
      groups.push({ groupId: `${unitId}_a${apartment}`, parentId: unitId, type: 'apartment', name: `Apartment ${apartment}` });
  }
  return groups;
}

/**
 * 101,000 groups: `buildings` (100 for the whole) of 4 units, 12 floors and 20 apartments a floor, below one company.
 * Parents before children.
 */
export function largeTree(projectId, buildings) {
  const groups = [{ groupId: projectId, parentId: null, type: 'company', name: projectId }];
  const below = (parents, count, type, letter) =>
    parents.flatMap((parentId) =>
      Array.from({ length: count }, (_, index) => {
        const groupId = `${parentId}_${letter}${index + 1}`;
        groups.push({ groupId, parentId, type, name: `${type} ${index + 1}` });
        return groupId;
      }),
    );
  const units = below(below([projectId], buildings, 'building', 'b'), 4, 'unit', 'u');
  const apartments = below(below(units, 12, 'floor', 'f'), 20, 'apartment', 'a');
  return { groups, apartments };
}

/** What brings a project into being: its groups, a license for all it will ever use, and a limit on its first building. */
export function openingCommands(projectId, groups, now) {
  const units = { sip_number: 50_000_000, mobile_app: 50_000_000, ukey2: 50_000_000 };
  const building = groups.find(({ type }) => type === 'building').groupId;
  return [
    { type: 'OpenProject', now, projectId, tenantId: 'tenant', partnerId: 'partner', name: projectId, timeZone: 'Europe/Berlin', billingMode: 'prepaid' },
    ...inChunks(groups, 1_000).map((chunk) => ({ type: 'PlaceGroups', now, groups: chunk })),
    { type: 'GrantLicense', now, licenseId: `${projectId}_l`, type_: 'plus', units, features: [], validFrom: null, validUntil: null, source: { kind: 'manual' } },
    {
      type: 'SetRestriction',
      now,
      groupId: building,
      enabled: true,
      poolMode: 'shared',
      gracePeriodDays: 0,
      allotments: [{ allotmentId: null, type: 'plus', units: { sip_number: 20_000_000, mobile_app: 20_000_000, ukey2: 20_000_000 }, features: [], validFrom: null, validUntil: null }],
      reminder: null,
      newIds: [`${building}_al`],
      cascade: false,
    },
  ];
}

/** A number for an apartment. */
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

export const context = () => {
  const commandId = randomUUID();
  return { commandId, correlationId: commandId, causationId: null, actor: 'user:bench', tenantId: 'tenant' };
};

const inChunks = (list, size) => Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
