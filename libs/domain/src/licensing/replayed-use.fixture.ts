import { RESOURCES, type Resource } from '../words.js';
import type { License, ProjectEvent, ProjectEventOf } from './model/events.js';

/** Every instant of a replayed history is a multiple of it, in UTC. */
export const CELL = 30 * 60_000;
const UNLIMITED = -1;

interface Curves {
  readonly units: Float64Array;
  readonly limits: Float64Array;
}

type Totals = ProjectEventOf<'UsagePeriodClosed'>['data']['totals'];

/**
 * The use and the licenses of a project at every half hour, worked out from its events alone and kept in arrays: what is in use
 * is counted assignment by assignment, and whether a license counts is read off its dates. It shares no code with the meter.
 */
export class ReplayedUse {
  private readonly curves = new Map<Resource, Curves>();
  private readonly inForce = new Map<string, Resource>();
  private readonly devices = new Set<string>();
  private readonly licenses = new Map<string, License>();
  private readonly off = new Set<string>();

  constructor(
    events: readonly ProjectEvent[],
    private readonly start: number,
    end: number,
  ) {
    const cells = (end - start) / CELL;
    for (const resource of RESOURCES)
      this.curves.set(resource, { units: new Float64Array(cells), limits: new Float64Array(cells) });
    let next = 0;
    for (let cell = 0; cell < cells; cell++) {
      while (next < events.length && events[next]!.at <= start + cell * CELL) this.apply(events[next++]!);
      this.fill(cell);
    }
  }

  /** The totals of a period, cell by cell. */
  totals(from: number, until: number): Totals {
    const [first, last] = [(from - this.start) / CELL, (until - this.start) / CELL - 1];
    const of = (resource: Resource): Totals[Resource] => {
      const { units, limits } = this.curves.get(resource)!;
      let [peak, peakCell] = [-1, first];
      let [unitMs, entitledMs, unlimitedMs, overageMs] = [0n, 0n, 0n, 0n];
      for (let cell = first; cell <= last; cell++) {
        if (units[cell]! > peak) [peak, peakCell] = [units[cell]!, cell];
        unitMs += BigInt(units[cell]! * CELL);
        if (limits[cell] === UNLIMITED) unlimitedMs += BigInt(CELL);
        else {
          entitledMs += BigInt(limits[cell]! * CELL);
          overageMs += BigInt(Math.max(0, units[cell]! - limits[cell]!) * CELL);
        }
      }
      const peakAt = this.start + peakCell * CELL;
      return { open: units[first]!, close: units[last]!, peak, peakAt, unitMs, entitledMs, unlimitedMs, overageMs };
    };
    return { sip_number: of('sip_number'), mobile_app: of('mobile_app'), ukey2: of('ukey2') };
  }

  private apply({ type, data }: ProjectEvent): void {
    if (type === 'AssignmentMade') this.inForce.set(data.assignmentId, data.resource);
    if (type === 'AssignmentsMade' || type === 'AssignmentsReinstated')
      for (const { assignmentId, resource } of data.assignments) this.inForce.set(assignmentId, resource);
    if (type === 'AssignmentsReleased' || type === 'AssignmentsSuspended')
      for (const { assignmentId } of data.assignments) this.inForce.delete(assignmentId);
    if (type === 'BasicLicenseStarted') this.devices.add(data.serialNumber);
    if (type === 'BasicLicenseEnded') this.devices.delete(data.serialNumber);
    if (type === 'LicenseGranted') this.licenses.set(data.licenseId, data);
    if (type === 'LicenseExtended')
      this.licenses.set(data.licenseId, { ...this.licenses.get(data.licenseId)!, validUntil: data.validUntil });
    if (type === 'LicenseSuspended' || type === 'LicenseRevoked') this.off.add(data.licenseId);
    if (type === 'LicenseReinstated') this.off.delete(data.licenseId);
  }

  private fill(cell: number): void {
    const at = this.start + cell * CELL;
    const valid = [...this.licenses.values()].filter(
      ({ licenseId, validFrom, validUntil }) =>
        !this.off.has(licenseId) && validFrom <= at && (validUntil === null || at < validUntil),
    );
    for (const [resource, { units, limits }] of this.curves) {
      units[cell] = [...this.inForce.values()].filter((one) => one === resource).length;
      let limit = resource === 'ukey2' ? 0 : 2 * this.devices.size;
      for (const { units: granted } of valid)
        if (limit !== UNLIMITED) limit = granted[resource] === null ? UNLIMITED : limit + granted[resource];
      limits[cell] = limit;
    }
  }
}
