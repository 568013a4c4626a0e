import type { AllotmentInput, ProjectCommand, ProjectEvent, ProjectEventOf, Resource, Units } from '@allotree/domain';

/**
 * The licensing rules read again, by brute force and without the code of the domain: terms are compared with instants, limits
 * are summed and use is counted anew each time. It knows what the simulated commands need: shared pools, no days of grace,
 * no features, no limits of persons.
 */

const RESOURCES = ['sip_number', 'mobile_app', 'ukey2'] as const;

interface License {
  readonly units: Units;
  readonly validFrom: number;
  readonly validUntil: number | null;
  readonly isSuspended: boolean;
  readonly isRevoked: boolean;
}
interface Allotment {
  readonly units: Units;
  readonly validFrom: number;
  readonly validUntil: number | null;
}
interface Assignment {
  readonly id: string;
  readonly groupId: string;
  readonly resource: Resource;
  /** The number of an app. */
  readonly numberId: string | null;
  isInForce: boolean;
}

/** The use and the capacity of a project from an instant on. */
interface Step {
  readonly at: number;
  readonly units: Readonly<Record<Resource, number>>;
  readonly limits: Readonly<Record<Resource, number>>;
}

type Period = ProjectEventOf<'UsagePeriodClosed'>['data'];

/** The expected outcome of a command; `unknown` where the reading has no opinion. */
export type Expected = 'accepted' | 'already so' | 'refused' | 'unknown';

const isWithin = ({ validFrom, validUntil }: Allotment, at: number): boolean =>
  validFrom <= at && (validUntil === null || at < validUntil);

/** Infinity is no limit. */
const limitOf = (blocks: readonly Allotment[], resource: Resource, at: number): number =>
  blocks.reduce((sum, block) => (isWithin(block, at) ? sum + (block.units[resource] ?? Infinity) : sum), 0);

const isAlike = (given: Pick<AllotmentInput, 'units' | 'validFrom' | 'validUntil'>, known: Allotment): boolean =>
  RESOURCES.every((resource) => given.units[resource] === known.units[resource]) &&
  given.validUntil === known.validUntil &&
  (given.validFrom === null || given.validFrom === known.validFrom);

export class ProjectReading {
  readonly parents = new Map<string, string | null>();
  /** Groups never move here. */
  private paths = new Map<string, readonly string[]>();
  readonly licenses = new Map<string, License>();
  readonly devices = new Set<string>();
  readonly restrictions = new Map<string, readonly Allotment[]>();
  assignments: Assignment[] = [];
  /** The latest instant that is recorded. */
  at = 0;
  isOpen = false;
  /** In the order of time, one an instant; `null` in a copy, which checks no totals. */
  private steps: Step[] | null = [];

  copy(): ProjectReading {
    const copy = new ProjectReading();
    for (const [id, parent] of this.parents) copy.parents.set(id, parent);
    for (const [id, license] of this.licenses) copy.licenses.set(id, license);
    for (const serial of this.devices) copy.devices.add(serial);
    for (const [id, allotments] of this.restrictions) copy.restrictions.set(id, allotments);
    copy.assignments = this.assignments.map((assignment) => ({ ...assignment }));
    copy.paths = this.paths;
    copy.at = this.at;
    copy.isOpen = this.isOpen;
    copy.steps = null;
    return copy;
  }

  capacity(resource: Resource, at: number): number {
    const active = [...this.licenses.values()].filter((license) => !license.isSuspended && !license.isRevoked);
    return limitOf(active, resource, at) + (resource === 'ukey2' ? 0 : 2 * this.devices.size);
  }

  path(groupId: string): readonly string[] {
    const known = this.paths.get(groupId);
    if (known) return known;
    const parentId = this.parents.get(groupId) ?? null;
    const path = parentId === null ? [groupId] : [groupId, ...this.path(parentId)];
    this.paths.set(groupId, path);
    return path;
  }

  /** The limits that bind at a group, each with the use that counts against it. */
  private limitsAt(groupId: string, resource: Resource, at: number): { limit: number; used: number }[] {
    const used = (within: string | null): number =>
      this.assignments.filter(
        (one) =>
          one.isInForce && one.resource === resource && (within === null || this.path(one.groupId).includes(within)),
      ).length;
    const restricted = this.path(groupId).flatMap((id) => {
      const allotments = this.restrictions.get(id);
      return allotments ? [{ limit: limitOf(allotments, resource, at), used: used(id) }] : [];
    });
    return [...restricted, { limit: this.capacity(resource, at), used: used(null) }];
  }

  fits(groupId: string, resource: Resource, at: number): boolean {
    return this.limitsAt(groupId, resource, at).every(({ limit, used }) => used + 1 <= limit);
  }

  /** U3: what exceeds a limit is suspended, newest first; what fits again returns, oldest first. */
  settle(at: number): void {
    const inForce = this.assignments.filter((one) => one.isInForce);
    for (const one of inForce) one.isInForce = false;
    for (const one of inForce) one.isInForce = this.canBeInForce(one, at);
    for (const one of this.assignments) if (!one.isInForce) one.isInForce = this.canBeInForce(one, at);
  }

  private canBeInForce({ groupId, resource, numberId }: Assignment, at: number): boolean {
    const hasNumber = numberId === null || this.assignments.some(({ id, isInForce }) => id === numberId && isInForce);
    return hasNumber && this.fits(groupId, resource, at);
  }

  /** Lets time pass: everything that starts or ends in between takes effect at its instant (U5). */
  passTo(now: number): number {
    const until = Math.max(now, this.at);
    const blocks = [...this.licenses.values(), ...[...this.restrictions.values()].flat()];
    const instants = blocks.flatMap(({ validFrom, validUntil }) => [validFrom, validUntil ?? Infinity]);
    const due = [...new Set(instants)].filter((at) => at > this.at && at <= until).sort((a, b) => a - b);
    for (const at of due) this.settle(at);
    this.at = until;
    return until;
  }

  /** The next instant at which something starts or ends. A license that was revoked does neither. */
  nextBoundary(): number | null {
    const licenses = [...this.licenses.values()].filter(({ isRevoked }) => !isRevoked);
    const blocks = [...licenses, ...[...this.restrictions.values()].flat()];
    const instants = blocks.flatMap(({ validFrom, validUntil }) => [validFrom, validUntil ?? Infinity]);
    const next = Math.min(...instants.filter((at) => at > this.at));
    return next === Infinity ? null : next;
  }

  /** The outcome of a command by the rules, at its instant. The reading itself is unchanged. */
  judge(command: ProjectCommand): Expected {
    if (!this.isOpen) return command.type === 'OpenProject' ? 'accepted' : 'refused';
    const then = this.copy();
    const now = then.passTo(command.now);
    switch (command.type) {
      case 'AssignUnit':
        return then.judgeAssignment(command, now);
      case 'ReleaseAssignment': {
        const { assignmentId, groupId } = command;
        const isThere = then.assignments.some((one) => one.id === assignmentId && one.groupId === groupId);
        const isPaired = then.assignments.some(({ numberId }) => numberId === assignmentId);
        return isThere && !isPaired ? 'accepted' : 'refused';
      }
      case 'SuspendLicense':
      case 'ReinstateLicense':
      case 'RevokeLicense':
        return then.judgeLicense(command.type, command.licenseId);
      case 'AddDevice':
        // A device that is known already is recognized, whichever group the command names.
        if (then.devices.has(command.serialNumber)) return 'unknown';
        return then.parents.has(command.groupId) ? 'accepted' : 'refused';
      case 'RemoveDevice':
        return then.devices.has(command.serialNumber) ? 'accepted' : 'unknown';
      case 'SetRestriction':
        return then.judgeRestriction(command, now);
      default:
        return 'unknown';
    }
  }

  private judgeAssignment(
    { assignmentId, groupId, resource }: Extract<ProjectCommand, { type: 'AssignUnit' }>,
    now: number,
  ): Expected {
    if (this.assignments.some(({ id }) => id === assignmentId)) return 'already so';
    if (!this.parents.has(groupId)) return 'refused';
    const paired = new Set(this.assignments.map(({ numberId }) => numberId));
    const isFree = (one: Assignment): boolean =>
      one.resource === 'sip_number' && one.groupId === groupId && one.isInForce && !paired.has(one.id);
    if (resource === 'mobile_app' && !this.assignments.some(isFree)) return 'refused';
    return this.fits(groupId, resource, now) ? 'accepted' : 'refused';
  }

  private judgeLicense(type: 'SuspendLicense' | 'ReinstateLicense' | 'RevokeLicense', licenseId: string): Expected {
    const license = this.licenses.get(licenseId);
    if (!license) return 'refused';
    if (type === 'RevokeLicense') return license.isRevoked ? 'already so' : 'accepted';
    if (license.isRevoked) return 'unknown';
    return license.isSuspended === (type === 'SuspendLicense') ? 'already so' : 'accepted';
  }

  /** R1 and R2, of allotments that are all new and of a change that clamps what is below (R6). */
  private judgeRestriction(
    { groupId, enabled, allotments }: Extract<ProjectCommand, { type: 'SetRestriction' }>,
    now: number,
  ): Expected {
    if (!this.parents.has(groupId)) return 'refused';
    // Without an id, an allotment of the same content is taken for the known one.
    const known = this.restrictions.get(groupId) ?? [];
    if (!enabled || allotments.length === 0 || allotments.some((one) => known.some((other) => isAlike(one, other))))
      return 'unknown';
    const blocks = allotments.map((given) => ({ ...given, validFrom: given.validFrom ?? now }));
    const isWrong = blocks.some(
      ({ units, validFrom, validUntil }) =>
        (units.mobile_app ?? Infinity) > (units.sip_number ?? Infinity) ||
        (validUntil !== null && (validUntil <= now || validUntil <= validFrom)),
    );
    if (isWrong) return 'refused';
    const above = this.path(groupId)
      .slice(1)
      .flatMap((id) => this.restrictions.get(id) ?? []);
    const instants = [...blocks, ...above, ...this.licenses.values()].flatMap((one) => [one.validFrom, one.validUntil]);
    const isExceeded = (at: number): boolean =>
      RESOURCES.some((resource) => limitOf(blocks, resource, at) > this.effectiveAbove(groupId, resource, at));
    for (const block of blocks) {
      const start = Math.max(now, block.validFrom);
      const { validUntil } = block;
      const checked =
        validUntil === null
          ? [start]
          : [start, ...instants.filter((at) => at !== null && at > start && at < validUntil)];
      if (checked.some((at) => isExceeded(at!))) return 'refused';
    }
    return 'accepted';
  }

  private effectiveAbove(groupId: string, resource: Resource, at: number): number {
    const own = this.path(groupId)
      .slice(1)
      .flatMap((id) => {
        const allotments = this.restrictions.get(id);
        return allotments ? [limitOf(allotments, resource, at)] : [];
      });
    return Math.min(...own, this.capacity(resource, at));
  }

  /** Records a fact. Suspensions are not checked here. */
  apply({ type, at, data }: ProjectEvent): void {
    this.at = at;
    switch (type) {
      case 'ProjectOpened':
        this.isOpen = true;
        this.parents.set(data.projectId, null);
        break;
      case 'GroupsPlaced':
        for (const { groupId, parentId } of data.groups) this.parents.set(groupId, parentId);
        break;
      case 'LicenseGranted':
        this.licenses.set(data.licenseId, { ...data, isSuspended: false, isRevoked: false });
        break;
      case 'LicenseExtended':
        this.change(data.licenseId, { validUntil: data.validUntil });
        break;
      case 'LicenseSuspended':
        this.change(data.licenseId, { isSuspended: true });
        break;
      case 'LicenseReinstated':
        this.change(data.licenseId, { isSuspended: false });
        break;
      case 'LicenseRevoked':
        this.change(data.licenseId, { isRevoked: true });
        break;
      case 'BasicLicenseStarted':
        this.devices.add(data.serialNumber);
        break;
      case 'BasicLicenseEnded':
        this.devices.delete(data.serialNumber);
        break;
      case 'RestrictionChanged':
        if (data.enabled) this.restrictions.set(data.groupId, data.allotments);
        else this.restrictions.delete(data.groupId);
        break;
      case 'AllotmentsClamped':
        this.restrictions.set(data.groupId, data.allotments);
        break;
      case 'AssignmentMade':
        this.assignments.push({
          id: data.assignmentId,
          groupId: data.groupId,
          resource: data.resource,
          numberId: data.sipAssignmentId,
          isInForce: true,
        });
        break;
      case 'AssignmentsReleased': {
        const gone = new Set(data.assignments.map(({ assignmentId }) => assignmentId));
        this.assignments = this.assignments.filter(({ id }) => !gone.has(id));
        break;
      }
      default:
    }
  }

  private change(licenseId: string, change: Partial<License>): void {
    const license = this.licenses.get(licenseId);
    if (license) this.licenses.set(licenseId, { ...license, ...change });
  }

  /**
   * Records the events of one decision, and compares what they suspend and reinstate with the rules.
   *
   * @returns what differs, or `null`
   */
  applyDecision(events: readonly ProjectEvent[]): string | null {
    this.passToFirst(events);
    for (let next = 0; next < events.length;) {
      const { at } = events[next]!;
      const end = events.findIndex((event, index) => index > next && event.at !== at);
      const together = events.slice(next, end === -1 ? undefined : end);
      const fault = this.applyInstant(together, at);
      if (fault !== null) return fault;
      next += together.length;
    }
    return null;
  }

  private passToFirst(events: readonly ProjectEvent[]): void {
    const [first] = events;
    if (first && first.at < this.at) throw new Error(`an event is dated ${first.at}, before ${this.at}`);
  }

  private applyInstant(events: readonly ProjectEvent[], at: number): string | null {
    const recorded = new Map(this.assignments.map(({ id, isInForce }) => [id, isInForce]));
    for (const event of events) {
      this.apply(event);
      if (event.type === 'AssignmentMade') recorded.set(event.data.assignmentId, true);
      if (event.type === 'AssignmentsSuspended')
        for (const { assignmentId } of event.data.assignments) recorded.set(assignmentId, false);
      if (event.type === 'AssignmentsReinstated')
        for (const { assignmentId } of event.data.assignments) recorded.set(assignmentId, true);
    }
    this.settle(at);
    for (const { type, data } of events) {
      const fault = type === 'UsagePeriodClosed' ? this.faultOfTotals(data) : null;
      if (fault !== null) return fault;
    }
    this.measure(at);
    const wrong = this.assignments.filter(({ id, isInForce }) => recorded.get(id) !== isInForce);
    if (wrong.length === 0) return null;
    return wrong.map(({ id, isInForce }) => `${id} ${isInForce ? 'must' : 'must not'} be in force`).join(', ');
  }

  private measure(at: number): void {
    if (!this.steps) return;
    if (this.steps.at(-1)?.at === at) this.steps.pop();
    const each = (value: (resource: Resource) => number): Record<Resource, number> => ({
      sip_number: value('sip_number'),
      mobile_app: value('mobile_app'),
      ukey2: value('ukey2'),
    });
    this.steps.push({
      at,
      units: each((resource) => this.assignments.filter((one) => one.isInForce && one.resource === resource).length),
      limits: each((resource) => this.capacity(resource, at)),
    });
  }

  /** The totals of a closed period, added up from the steps in it. */
  private faultOfTotals({ from, until, totals }: Period): string | null {
    if (!this.steps) return null;
    const before = this.steps.findLastIndex(({ at }) => at <= from);
    const within = this.steps.slice(Math.max(0, before)).filter(({ at }) => at < until);
    for (const resource of RESOURCES) {
      let [peak, peakAt, unitMs, entitledMs, unlimitedMs, overageMs] = [-1, from, 0, 0, 0, 0];
      within.forEach(({ at, units: { [resource]: units }, limits: { [resource]: limit } }, index) => {
        const start = Math.max(at, from);
        const lasts = (within[index + 1]?.at ?? until) - start;
        if (units > peak) [peak, peakAt] = [units, start];
        unitMs += units * lasts;
        if (limit === Infinity) unlimitedMs += lasts;
        else {
          entitledMs += limit * lasts;
          overageMs += Math.max(0, units - limit) * lasts;
        }
      });
      const [open, close] = [within[0]!.units[resource], within.at(-1)!.units[resource]];
      const expected = [open, close, peak, peakAt, unitMs, entitledMs, unlimitedMs, overageMs];
      const of = totals[resource];
      const recorded = [of.open, of.close, of.peak, of.peakAt, of.unitMs, of.entitledMs, of.unlimitedMs, of.overageMs];
      if (expected.some((value, index) => Number(recorded[index]) !== value))
        return `the totals of ${resource} from ${from} until ${until} are ${recorded.join(' ')}, but must be ${expected.join(' ')}`;
    }
    return null;
  }
}
