import type { CloudEvent } from '@allotree/contracts';
import type { GroupType, Period } from '@allotree/domain';
import fc from 'fast-check';
import { aboutGroups, aboutLicensing, aboutPartner, at, PROJECT } from '../tables/history.fixture.js';

/** Everything happens on a quarter of an hour, so that a curve is a list of numbers. */
export const TICK_MS = 900_000;
export const TICKS = 12 * 24 * 4;
export const tick = (index: number): number => at(index / 4).getTime();

const GROUPS: Readonly<Record<string, { readonly parent: string; readonly type: GroupType }>> = {
  a: { parent: 'root', type: 'building' },
  b: { parent: 'root', type: 'building' },
  f: { parent: 'a', type: 'apartment' },
  g: { parent: 'a', type: 'apartment' },
  h: { parent: 'b', type: 'apartment' },
};
export const GROUP_NAMES = ['root', ...Object.keys(GROUPS)];

const change = fc.record({
  kind: fc.constantFrom(
    ...(['assign', 'assign', 'assign', 'assign', 'release', 'suspend', 'reinstate', 'move', 'retype'] as const),
    ...(['grant', 'suspendLicense', 'device'] as const),
  ),
  ticks: fc.oneof(fc.constant(0), fc.constant(0), fc.nat({ max: 60 })),
  pick: fc.nat({ max: 1_000 }),
});
export type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;
/** What happens in two projects. */
export const changes = fc.tuple(fc.array(change, { maxLength: 60 }), fc.array(change, { maxLength: 60 }));

interface Terms {
  readonly id: string;
  readonly units: number | null;
  readonly from: number;
  readonly until: number;
  suspended: boolean;
}

/** A project at a tick, as its events made it. */
interface Then {
  /** Units in force at each group itself. */
  readonly own: Readonly<Record<string, number>>;
  readonly parents: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, GroupType>>;
  readonly capacity: number | null;
}

/** A project that lives one list of changes: publishes events, and remembers what was so at every tick. */
export class UsedProject {
  readonly events: CloudEvent[] = [];
  readonly then: Then[] = [];
  private readonly groups;
  private readonly licensing;
  private readonly used = new Map<string, { readonly group: string; suspended: boolean }>();
  private readonly parents = Object.fromEntries(Object.entries(GROUPS).map(([name, { parent }]) => [name, parent]));
  private readonly types: Record<string, GroupType> = {
    root: 'company',
    ...Object.fromEntries(Object.entries(GROUPS).map(([name, { type }]) => [name, type])),
  };
  private readonly terms: Terms[] = [];
  private devices = 0;
  private made = 0;

  constructor(
    readonly id: string,
    readonly project: { readonly partnerId: string; readonly timeZone: string },
    story: readonly Change[],
  ) {
    this.groups = aboutGroups(id);
    this.licensing = aboutLicensing(id);
    this.events.push(
      this.groups(0, 'allotree.project-created.v1', { ...PROJECT, ...project, name: id }),
      this.groups(0, 'allotree.groups-placed.v1', {
        groups: Object.entries(GROUPS).map(([name, { parent, type }]) => {
          return { groupId: this.groupId(name), parentId: this.groupId(parent), type, name };
        }),
      }),
    );
    let now = 0;
    for (const one of story) {
      const next = Math.min(TICKS - 1, now + one.ticks);
      this.remember(now, next);
      now = next;
      this[one.kind](now, one.pick);
    }
    this.remember(now, TICKS);
  }

  groupId(name: string): string {
    return name === 'root' ? this.id : `${this.id}-${name}`;
  }

  /** Units in force in a group and everything below it, at each tick. */
  units(group: string): number[] {
    return this.then.map(({ own, parents }) =>
      GROUP_NAMES.reduce((sum, name) => sum + (isAtOrBelow(parents, name, group) ? own[name]! : 0), 0),
    );
  }

  /** Units in force at groups of a type themselves, in a group and everything below it, at each tick. */
  unitsOfType(group: string, type: GroupType): number[] {
    return this.then.map(({ own, parents, types }) =>
      GROUP_NAMES.reduce(
        (sum, name) => sum + (isAtOrBelow(parents, name, group) && types[name] === type ? own[name]! : 0),
        0,
      ),
    );
  }

  private remember(from: number, until: number): void {
    const own = Object.fromEntries(GROUP_NAMES.map((name) => [name, 0]));
    for (const { group, suspended } of this.used.values()) if (!suspended) own[group]! += 1;
    const state = { own, parents: { ...this.parents }, types: { ...this.types } };
    for (let index = from; index < until; index += 1) this.then[index] = { ...state, capacity: this.capacityAt(index) };
  }

  private capacityAt(index: number): number | null {
    const active = this.terms.filter(({ from, until, suspended }) => !suspended && from <= index && index < until);
    if (active.some(({ units }) => units === null)) return null;
    return active.reduce((sum, { units }) => sum + (units ?? 0), 2 * this.devices);
  }

  private path(name: string): string[] {
    return name === 'root' ? [this.id] : [...this.path(this.parents[name]!), this.groupId(name)];
  }

  private assignment(assignmentId: string, group: string) {
    const resource = 'sip_number' as const;
    return { assignmentId, groupId: this.groupId(group), resource, path: this.path(group) };
  }

  private picked(
    pick: number,
    isSuspended?: boolean,
  ): readonly [string, { readonly group: string; suspended: boolean }] | null {
    const all = [...this.used].filter(([, { suspended }]) => isSuspended === undefined || suspended === isSuspended);
    return all[pick % all.length] ?? null;
  }

  private assign(now: number, pick: number): void {
    const group = GROUP_NAMES[pick % GROUP_NAMES.length]!;
    const id = `${this.id}-${(this.made += 1)}`;
    this.used.set(id, { group, suspended: false });
    this.events.push(this.licensing(now / 4, 'allotree.assignment-made.v1', this.assignment(id, group)));
  }

  private release(now: number, pick: number): void {
    const picked = this.picked(pick);
    if (!picked) return;
    this.used.delete(picked[0]);
    const assignments = [this.assignment(picked[0], picked[1].group)];
    this.events.push(this.licensing(now / 4, 'allotree.assignments-released.v1', { assignments, reason: 'released' }));
  }

  private suspend(now: number, pick: number): void {
    const picked = this.picked(pick, false);
    if (!picked) return;
    picked[1].suspended = true;
    const assignments = [this.assignment(picked[0], picked[1].group)];
    this.events.push(this.licensing(now / 4, 'allotree.assignments-suspended.v1', { assignments }));
  }

  private reinstate(now: number, pick: number): void {
    const picked = this.picked(pick, true);
    if (!picked) return;
    picked[1].suspended = false;
    const assignments = [this.assignment(picked[0], picked[1].group)];
    this.events.push(this.licensing(now / 4, 'allotree.assignments-reinstated.v1', { assignments }));
  }

  private move(now: number, pick: number): void {
    const name = ['f', 'g', 'h'][pick % 3]!;
    const previousPath = this.path(name);
    this.parents[name] = this.parents[name] === 'a' ? 'b' : 'a';
    const [groupId, parentId] = [this.groupId(name), this.groupId(this.parents[name])];
    const moved = { groupId, parentId, previousPath, path: this.path(name) };
    this.events.push(this.licensing(now / 4, 'allotree.group-relocated.v1', moved));
    this.events.push(this.groups(now / 4, 'allotree.group-moved.v1', { groupId, parentId }));
  }

  private retype(now: number, pick: number): void {
    const name = GROUP_NAMES[1 + (pick % (GROUP_NAMES.length - 1))]!;
    const type = (['apartment', 'unit', 'custom'] as const)[pick % 3]!;
    this.types[name] = type;
    this.events.push(this.groups(now / 4, 'allotree.group-changed.v1', { groupId: this.groupId(name), type, name }));
  }

  private grant(now: number, pick: number): void {
    const units = pick % 5 === 0 ? null : pick % 7;
    const terms = {
      id: `${this.id}-license-${this.terms.length}`,
      units,
      from: now + (pick % 3) * 30,
      suspended: false,
    };
    const until = terms.from + 1 + (pick % 400);
    this.terms.push({ ...terms, until });
    this.events.push(
      this.licensing(now / 4, 'allotree.license-granted.v1', {
        licenseId: terms.id,
        type: 'plus',
        units: { sip_number: units, mobile_app: 0, ukey2: 0 },
        features: [],
        validFrom: new Date(tick(terms.from)).toISOString(),
        validUntil: new Date(tick(until)).toISOString(),
        source: { kind: 'manual' },
      }),
    );
  }

  private suspendLicense(now: number, pick: number): void {
    const terms = this.terms[pick % this.terms.length];
    if (!terms || terms.suspended) return;
    terms.suspended = true;
    const data = { licenseId: terms.id, reason: 'unpaid' };
    this.events.push(this.licensing(now / 4, 'allotree.license-suspended.v1', data));
  }

  private device(now: number): void {
    this.devices += 1;
    const data = { serialNumber: `${this.id}-${this.devices}`, groupId: this.groupId('a') };
    this.events.push(this.licensing(now / 4, 'allotree.basic-license-started.v1', data));
  }
}

function isAtOrBelow(parents: Readonly<Record<string, string>>, name: string, group: string): boolean {
  for (let each: string | undefined = name; each !== undefined; each = parents[each]) if (each === group) return true;
  return false;
}

/** Partners of which the second is below the first. */
export const PARTNERS = [
  aboutPartner('nordlicht', {
    tenantId: 'nordlicht',
    partnerId: 'nordlicht',
    parentPartnerId: null,
    kind: 'distributor',
    name: 'Nordlicht',
  }),
  aboutPartner('nordlicht', {
    tenantId: 'nordlicht',
    partnerId: 'dealer',
    parentPartnerId: 'nordlicht',
    kind: 'dealer',
    name: 'Dealer',
  }),
];

/** Measures by looking at every tick of a period. */
export function lookedAt(units: readonly number[], { from, until }: Period) {
  const [first, end] = [from, until].map((at) => (at - tick(0)) / TICK_MS) as [number, number];
  const seen = units.slice(first, end);
  const [peak, low] = [Math.max(...seen), Math.min(...seen)];
  return {
    open: seen[0]!,
    close: seen.at(-1)!,
    peak,
    peakAt: new Date(from + seen.indexOf(peak) * TICK_MS).toISOString(),
    low,
    unitMs: String(seen.reduce((sum, each) => sum + each, 0) * TICK_MS),
  };
}

/** The units above what was committed at each tick; `null`: unlimited. */
export const above = (units: readonly number[], committed: readonly (number | null)[]): number[] =>
  units.map((each, index) => (committed[index] === null ? 0 : Math.max(0, each - committed[index]!)));

/** The most units in some stretch of this many ticks. */
export function lasting(units: readonly number[], { from, until }: Period, ticks: number): number | null {
  const [first, end] = [from, until].map((at) => (at - tick(0)) / TICK_MS) as [number, number];
  let most: number | null = null;
  for (let index = first; index + ticks <= end; index += 1)
    most = Math.max(most ?? 0, Math.min(...units.slice(index, index + ticks)));
  return most;
}
