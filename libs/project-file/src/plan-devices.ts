import { nameKey, serialKey } from '@allotree/domain';
import type { CurrentDevice } from './current-project.js';
import { protectedAt, type GroupsPlan } from './plan-groups.js';
import type { Operation, PlanRefusal, ProjectPlan } from './plan-types.js';
import type { DeviceEntry } from './project-file.js';

/** What planning devices and units needs to know about groups. */
export interface Places {
  readonly groups: GroupsPlan;
  readonly prune: boolean;
  /** The id of a group by the key of its path in the file. */
  readonly idOf: (path: string) => string;
  /** The path of a group that stays, by its id. */
  readonly pathOf: (groupId: string) => string;
}

type Part = Pick<ProjectPlan, 'devices' | 'operations' | 'refusals'> & { readonly unchanged: number };

const shown = ({ serialNumber, model, externalId }: Omit<CurrentDevice, 'groupId'>): object => ({
  serialNumber,
  model,
  ...(externalId !== null && { externalId }),
});

interface Collected {
  readonly operations: Operation[];
  readonly refusals: PlanRefusal[];
  readonly added: ProjectPlan['devices']['added'][number][];
  readonly changed: ProjectPlan['devices']['changed'][number][];
  unchanged: number;
}

/** Devices are found by their serial numbers. */
export function planDevices(entries: readonly DeviceEntry[], current: readonly CurrentDevice[], places: Places): Part {
  const known = new Map(current.map((device) => [serialKey(device.serialNumber), device]));
  const named = new Set(entries.map(({ serialNumber }) => serialKey(serialNumber)));
  const found: Collected = { operations: [], refusals: [], added: [], changed: [], unchanged: 0 };
  for (const entry of entries) {
    const groupId = places.idOf(entry.group);
    const own = known.get(serialKey(entry.serialNumber));
    if (own) compare(found, entry, own, groupId);
    else add(found, entry, groupId);
  }
  const { operations, refusals, added, changed, unchanged } = found;
  const leaving = places.prune
    ? current.filter((own) => places.groups.stays(own.groupId) && !named.has(serialKey(own.serialNumber)))
    : [];
  for (const own of leaving) {
    const path = places.pathOf(own.groupId);
    operations.push({ op: 'remove', kind: 'device', path, count: 1, before: shown(own), after: null });
    if (places.groups.isProtected(own.groupId)) refusals.push(protectedAt('device', path));
  }
  const removed = leaving.map(({ groupId, serialNumber }) => ({ groupId, serialNumber }));
  return { operations, refusals, unchanged, devices: { added, changed, removed } };
}

const wantedOf = ({ serialNumber, model, externalId }: DeviceEntry): object =>
  shown({ serialNumber, model, externalId: externalId ?? null });

function add({ operations, added }: Collected, entry: DeviceEntry, groupId: string): void {
  const { group: path, serialNumber, model, claimCode, externalId } = entry;
  const optional = { ...(claimCode !== undefined && { claimCode }), ...(externalId !== undefined && { externalId }) };
  added.push({ groupId, serialNumber, model, ...optional });
  operations.push({ op: 'create', kind: 'device', path, count: 1, before: null, after: wantedOf(entry) });
}

function compare(found: Collected, entry: DeviceEntry, own: CurrentDevice, groupId: string): void {
  const { group: path, model, externalId } = entry;
  if (own.groupId !== groupId || nameKey(own.model) !== nameKey(model)) {
    found.refusals.push(unlike(entry, own, groupId));
  } else if (externalId !== undefined && externalId !== own.externalId) {
    found.changed.push({ groupId, serialNumber: own.serialNumber, externalId });
    const [before, after] = [shown(own), wantedOf(entry)];
    found.operations.push({ op: 'update', kind: 'device', path, count: 1, before, after });
  } else {
    found.unchanged += 1;
  }
}

/** A device that is there already is neither moved nor made another one. */
function unlike({ group, serialNumber, model }: DeviceEntry, own: CurrentDevice, groupId: string): PlanRefusal {
  const refused = { kind: 'device', path: group } as const;
  if (own.groupId !== groupId)
    return {
      ...refused,
      code: 'DEVICE_ELSEWHERE',
      detail: `The device ${serialNumber} is at another group of this project. Remove it there first.`,
      facts: { serialNumber, groupId: own.groupId },
    };
  return {
    ...refused,
    code: 'VALIDATION',
    detail: `The device ${serialNumber} is a ${own.model}, and the file says ${model}. Correct the file, or remove the device first.`,
    facts: { serialNumber, field: 'model' },
  };
}
