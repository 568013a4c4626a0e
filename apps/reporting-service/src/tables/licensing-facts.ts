import { setImmediate } from 'node:timers/promises';
import { allDone } from '@allotree/basics';
import type { LicensingEvent, LicensingEventData, LicensingEventType } from '@allotree/contracts';
import { RESOURCES, type Resource } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { inTurns } from '../in-turns.js';
import type { Origin } from './stored-event.js';
import { UseSteps, type UseKey } from './use.js';
import { UsageDays } from './usage-days.js';
import { Versions } from './versions.js';
import {
  ASSIGNMENTS,
  BASIC_LICENSES,
  LICENSES,
  MEMBER_LIMITS,
  RESTRICTIONS,
  type AssignmentRow,
  type BasicLicenseRow,
  type LicenseRow,
  type MemberLimitRow,
  type RestrictionRow,
  type SectionAllotment,
} from './version-tables.js';

/** An event of the license service, with its place in the log. */
export interface LicensingFact {
  readonly origin: Origin;
  readonly sequence: bigint;
  readonly event: Pick<LicensingEvent, 'type' | 'data'>;
}

type Data<Type extends LicensingEventType> = LicensingEventData<Type>;
type Assignment = Data<'allotree.assignments-made.v1'>['assignments'][number];

/** After this many events, what waits for the database gets its turn. */
const AT_A_TIME = 1_000;

const IN_FORCE = { inForce: 1, suspended: 0 };
const NOT_IN_FORCE = { inForce: -1, suspended: 0 };
const NOT_SUSPENDED = { inForce: 0, suspended: -1 };
const TO_SUSPENDED = { inForce: -1, suspended: 1 };
const TO_IN_FORCE = { inForce: 1, suspended: -1 };

const dateOrNull = (iso: string | null): Date | null => (iso === null ? null : new Date(iso));

/** What the license service's events say about licenses, Licenses sections and use, for one batch. */
export class LicensingFacts {
  private readonly basicLicenses: Versions<'project_id' | 'serial_number', BasicLicenseRow>;
  private readonly licenses: Versions<'project_id' | 'license_id', LicenseRow>;
  private readonly restrictions: Versions<'project_id' | 'group_id', RestrictionRow>;
  private readonly memberLimits: Versions<'project_id' | 'group_id' | 'user_id', MemberLimitRow>;
  private readonly assignments: Versions<'project_id' | 'assignment_id', AssignmentRow>;
  private readonly use: UseSteps;

  constructor(private readonly tx: EntityManager) {
    this.basicLicenses = new Versions(BASIC_LICENSES, tx);
    this.licenses = new Versions(LICENSES, tx);
    this.restrictions = new Versions(RESTRICTIONS, tx);
    this.memberLimits = new Versions(MEMBER_LIMITS, tx);
    this.assignments = new Versions(ASSIGNMENTS, tx);
    this.use = new UseSteps(tx);
  }

  /** Reads what these events are about. */
  async load(facts: readonly LicensingFact[]): Promise<void> {
    const [assigned, others] = [thingsIn(facts.filter(isAboutAssignments)), thingsIn(facts.filter(isAboutOthers))];
    for (const versions of [this.basicLicenses, this.licenses, this.restrictions, this.memberLimits])
      await versions.load(others);
    await this.assignments.load(assigned);
    await this.use.load(usesCounted([...assigned, ...others]));
  }

  /** Applies events, which were loaded, in their order. */
  async apply(facts: readonly LicensingFact[]): Promise<void> {
    await inTurns(facts, AT_A_TIME, (fact) => this.applyOne(fact));
  }

  /** Writes what the events changed. */
  async write(): Promise<void> {
    // The database writes versions while this process sorts the use.
    const preparing = setImmediate().then(() => this.use.changes());
    const [changes] = await allDone([preparing, this.writeVersions()]);
    const days = new UsageDays(this.tx);
    await days.know(changes);
    // The days are measured while the database writes the steps.
    const measuring = setImmediate().then(() => days.measured(changes));
    const [measured] = await allDone([measuring, this.use.write(changes)]);
    await days.write(measured);
  }

  private async writeVersions(): Promise<void> {
    for (const versions of [this.basicLicenses, this.licenses, this.restrictions, this.memberLimits, this.assignments])
      await versions.write();
  }

  private applyOne({ origin, sequence, event }: LicensingFact): void {
    const { type, data } = event as LicensingEvent;
    switch (type) {
      case 'allotree.basic-license-started.v1':
      case 'allotree.basic-license-ended.v1':
        return this.basicLicenses.put(
          { project_id: data.projectId, serial_number: data.serialNumber },
          origin,
          type === 'allotree.basic-license-ended.v1' ? null : { group_id: data.groupId },
        );
      case 'allotree.license-granted.v1':
        return this.licenses.put(licenseKey(data), origin, licenseOf(data, sequence));
      case 'allotree.license-changed.v1':
        return this.changeLicense(origin, data, { external_id: data.externalId });
      case 'allotree.license-extended.v1':
        return this.changeLicense(origin, data, { valid_until: dateOrNull(data.validUntil) });
      case 'allotree.license-suspended.v1':
        return this.changeLicense(origin, data, { suspended_reason: data.reason });
      case 'allotree.license-reinstated.v1':
        return this.changeLicense(origin, data, { suspended_reason: null });
      case 'allotree.license-revoked.v1':
        return this.changeLicense(origin, data, { revoked_reason: data.reason, external_id: null });
      case 'allotree.restriction-changed.v1':
        return this.changeRestriction(origin, data);
      case 'allotree.member-limits-changed.v1':
        return this.memberLimits.put(
          { project_id: data.projectId, group_id: data.groupId, user_id: data.userId },
          origin,
          { ...data.limits, features_off: data.featuresOff, place: data.place },
        );
      case 'allotree.assignment-made.v1':
        return this.assign(origin, data.projectId, data);
      case 'allotree.assignments-made.v1':
        return data.assignments.forEach((one) => this.assign(origin, data.projectId, one));
      case 'allotree.assignment-changed.v1':
        return this.changeAssignment(origin, data);
      case 'allotree.assignments-released.v1':
        return data.assignments.forEach((one) => this.release(origin, data.projectId, one));
      case 'allotree.assignments-suspended.v1':
      case 'allotree.assignments-reinstated.v1':
        return data.assignments.forEach((one) =>
          this.suspend(origin, data.projectId, one, type === 'allotree.assignments-suspended.v1'),
        );
      case 'allotree.group-relocated.v1':
        return this.relocate(origin, data);
      default:
    }
  }

  private changeLicense(origin: Origin, named: Named, change: Partial<LicenseRow>): void {
    const before = this.licenses.get(licenseKey(named));
    if (before) this.licenses.put(licenseKey(named), origin, { ...before, ...change });
  }

  private changeRestriction(origin: Origin, data: Data<'allotree.restriction-changed.v1'>): void {
    const key = { project_id: data.projectId, group_id: data.groupId };
    const before = this.restrictions.get(key)?.allotments ?? [];
    this.restrictions.put(key, origin, {
      is_enabled: data.enabled,
      pool_mode: data.poolMode,
      grace_period_days: data.gracePeriodDays,
      reminder: data.reminder,
      allotments: inOrderOfCreation(data.allotments, before),
      place: data.place,
    });
  }

  private assign(origin: Origin, projectId: string, assignment: Assignment): void {
    const { assignmentId, groupId, resource, externalId, path } = assignment;
    const key = { project_id: projectId, assignment_id: assignmentId };
    // Events of 0.2.0 have no path: what they are about is not counted.
    if (path === undefined || this.assignments.get(key)) return;
    const external = externalId ?? null;
    this.assignments.put(key, origin, { group_id: groupId, resource, external_id: external, is_suspended: false });
    this.use.add(path, { projectId, resource }, IN_FORCE, origin);
  }

  private changeAssignment(origin: Origin, data: Data<'allotree.assignment-changed.v1'>): void {
    const key = { project_id: data.projectId, assignment_id: data.assignmentId };
    const before = this.assignments.get(key);
    if (before) this.assignments.put(key, origin, { ...before, external_id: data.externalId });
  }

  private release(origin: Origin, projectId: string, { assignmentId, resource, path = [] }: Assignment): void {
    const key = { project_id: projectId, assignment_id: assignmentId };
    const before = this.assignments.get(key);
    if (!before) return;
    this.assignments.put(key, origin, null);
    this.use.add(path, { projectId, resource }, before.is_suspended ? NOT_SUSPENDED : NOT_IN_FORCE, origin);
  }

  private suspend(origin: Origin, projectId: string, one: Assignment, isSuspended: boolean): void {
    const key = { project_id: projectId, assignment_id: one.assignmentId };
    const before = this.assignments.get(key);
    if (!before || before.is_suspended === isSuspended) return;
    this.assignments.put(key, origin, { ...before, is_suspended: isSuspended });
    const { resource, path = [] } = one;
    this.use.add(path, { projectId, resource }, isSuspended ? TO_SUSPENDED : TO_IN_FORCE, origin);
  }

  /** From the instant of the move on, the use of the group counts on its new path. */
  private relocate(origin: Origin, data: Data<'allotree.group-relocated.v1'>): void {
    const { projectId, groupId, previousPath, path } = data;
    const left = previousPath.filter((id) => !path.includes(id));
    const entered = path.filter((id) => !previousPath.includes(id));
    for (const resource of RESOURCES) {
      const { inForce, suspended } = this.use.of({ projectId, groupId, resource });
      if (inForce === 0 && suspended === 0) continue;
      this.use.add(left, { projectId, resource }, { inForce: -inForce, suspended: -suspended }, origin);
      this.use.add(entered, { projectId, resource }, { inForce, suspended }, origin);
    }
  }
}

const isAboutAssignments = ({ event }: LicensingFact): boolean => event.type.startsWith('allotree.assignment');
const isAboutOthers = (fact: LicensingFact): boolean => !isAboutAssignments(fact);

const licenseKey = ({ projectId = '', licenseId = '' }: Named) => ({ project_id: projectId, license_id: licenseId });

const licenseOf = (data: Data<'allotree.license-granted.v1'>, sequence: bigint): LicenseRow => ({
  type: data.type,
  ...data.units,
  features: data.features,
  valid_from: new Date(data.validFrom),
  valid_until: dateOrNull(data.validUntil),
  source: data.source,
  external_id: data.externalId ?? null,
  suspended_reason: null,
  revoked_reason: null,
  granted_sequence: sequence.toString(),
});

/** Adds to each allotment its order of creation in the group: those that were there before keep theirs. */
function inOrderOfCreation(
  allotments: readonly { readonly allotmentId: string }[],
  before: readonly SectionAllotment[],
): readonly SectionAllotment[] {
  const known = new Map(before.map(({ allotmentId, sequence }) => [allotmentId, sequence]));
  let last = Math.max(0, ...known.values());
  return allotments.map((allotment) => ({
    ...allotment,
    sequence: known.get(allotment.allotmentId) ?? (last += 1),
  }));
}

interface Named {
  readonly projectId?: string;
  readonly licenseId?: string;
  readonly path?: readonly string[];
  readonly previousPath?: readonly string[];
  readonly resource?: Resource;
  readonly assignments?: readonly Pick<Assignment, 'assignmentId' | 'path' | 'resource'>[];
}

/** The data of each event, and each assignment of its list as data of its own. */
const thingsIn = (facts: readonly LicensingFact[]): readonly Named[] =>
  facts.flatMap(({ event }) => {
    const data = event.data as Named;
    return [data, ...(data.assignments ?? []).map((assignment) => ({ projectId: data.projectId, ...assignment }))];
  }) as readonly Named[];

const isNew = (known: Set<string>, id: string): boolean => known.size < known.add(id).size;

/** The uses in which the events count something: of a group that was relocated, each resource. */
function usesCounted(things: readonly Named[]): readonly UseKey[] {
  const groups = new Map<string, Set<string>>();
  const uses: UseKey[] = [];
  for (const { projectId = '', path = [], previousPath = [], resource } of things)
    for (const each of resource === undefined ? RESOURCES : [resource]) {
      const scope = `${projectId}\n${each}`;
      const counted = groups.get(scope) ?? new Set<string>();
      groups.set(scope, counted);
      const added = [...path, ...previousPath].filter((groupId) => isNew(counted, groupId));
      uses.push(...added.map((groupId) => ({ projectId, groupId, resource: each })));
    }
  return uses;
}
