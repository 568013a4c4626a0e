import { LICENSING_EVENTS, type LicensingEvent, type LicensingEventType } from '@allotree/contracts';
import { basicUnitsOf, type Instant, type Resource, type Step } from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import { ofEach, type LicenseVersion, type ProjectFacts } from './project-facts.js';
import type { Rows } from './rows.js';
import type { FactsSource, Needed } from './tables-facts.js';

/** A clock was corrected where an instant lies before an earlier one: nothing was recorded beyond it then. */
const EVENTS = `
  SELECT id, type, data, min(at) OVER (ORDER BY place DESC, position DESC ROWS UNBOUNDED PRECEDING) AS at
  FROM (SELECT *, coalesce(sequence, '0')::bigint AS place FROM ${REPORTING}.event
        WHERE subject = $1 AND source = '/license-service') AS own
  ORDER BY place, position`;

interface EventRow {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly at: Date;
}

type Event = Pick<LicensingEvent, 'type' | 'data'> & { readonly id: string; readonly at: Instant };

/** The facts as the events give them, one after the other: the oracle of the tables. */
export const factsOfEvents: FactsSource = async (rows, needed) => {
  const facts = new Map<string, ProjectFacts>();
  for (const each of needed) facts.set(each.projectId, await factsOf(rows, each));
  return facts;
};

async function factsOf(rows: Rows, { projectId, until }: Needed): Promise<ProjectFacts> {
  const replay = new Replay();
  for (const row of await rows.query<EventRow>(EVENTS, [projectId])) {
    const at = row.at.getTime();
    if (at >= until) break;
    const shape = LICENSING_EVENTS[row.type as LicensingEventType] as { parse(data: unknown): unknown } | undefined;
    if (shape) replay.apply({ id: row.id, at, type: row.type, data: shape.parse(row.data) } as Event);
  }
  return replay.facts();
}

interface Assigned {
  readonly resource: Resource;
  isSuspended: boolean;
}

class Replay {
  private readonly steps = ofEach((): Step[] => []);
  private readonly assignments = new Map<string, Assigned>();
  private readonly current = new Map<string, LicenseVersion>();
  private readonly versions: LicenseVersion[] = [];

  facts(): ProjectFacts {
    const all = [...this.versions, ...this.current.values()].sort(
      (a, b) => a.from - b.from || (a.licenseId < b.licenseId ? -1 : 1),
    );
    return { usage: ofEach((resource) => ({ open: 0, steps: this.steps[resource] })), licenses: all };
  }

  apply(event: Event): void {
    const { type, data } = event as LicensingEvent & Event;
    switch (type) {
      case 'allotree.assignment-made.v1':
        return this.assign(event.at, data);
      case 'allotree.assignments-made.v1':
        return data.assignments.forEach((one) => this.assign(event.at, one));
      case 'allotree.assignments-released.v1':
        return data.assignments.forEach((one) => this.release(event.at, one.assignmentId));
      case 'allotree.assignments-suspended.v1':
      case 'allotree.assignments-reinstated.v1':
        return data.assignments.forEach((one) =>
          this.suspend(event.at, one.assignmentId, type === 'allotree.assignments-suspended.v1'),
        );
      default:
        this.applyLicense(event);
    }
  }

  private applyLicense(event: Event): void {
    const { type, data } = event as LicensingEvent & Event;
    switch (type) {
      case 'allotree.license-granted.v1':
        return this.grant(event, data);
      case 'allotree.license-extended.v1':
        return this.change(event, data.licenseId, {
          validUntil: data.validUntil === null ? null : Date.parse(data.validUntil),
        });
      case 'allotree.license-suspended.v1':
      case 'allotree.license-revoked.v1':
        return this.change(event, data.licenseId, { isInForce: false });
      case 'allotree.license-reinstated.v1':
        return this.change(event, data.licenseId, { isInForce: true });
      case 'allotree.license-changed.v1':
        return this.change(event, data.licenseId, {});
      case 'allotree.basic-license-started.v1':
        return this.startBasic(event, data.serialNumber);
      case 'allotree.basic-license-ended.v1':
        return this.endBasic(event.at, data.serialNumber);
      default:
    }
  }

  private count(at: Instant, resource: Resource, by: number): void {
    const steps = this.steps[resource];
    const units = (steps.at(-1)?.units ?? 0) + by;
    if (steps.at(-1)?.at === at) steps.pop();
    steps.push({ at, units });
  }

  private assign(at: Instant, one: { readonly assignmentId: string; readonly resource: Resource }): void {
    this.assignments.set(one.assignmentId, { resource: one.resource, isSuspended: false });
    this.count(at, one.resource, 1);
  }

  private release(at: Instant, assignmentId: string): void {
    const assigned = this.assignments.get(assignmentId);
    if (!assigned) return;
    this.assignments.delete(assignmentId);
    if (!assigned.isSuspended) this.count(at, assigned.resource, -1);
  }

  private suspend(at: Instant, assignmentId: string, isSuspended: boolean): void {
    const assigned = this.assignments.get(assignmentId);
    if (!assigned || assigned.isSuspended === isSuspended) return;
    assigned.isSuspended = isSuspended;
    this.count(at, assigned.resource, isSuspended ? -1 : 1);
  }

  private grant(
    { id, at }: Event,
    data: Extract<LicensingEvent, { type: 'allotree.license-granted.v1' }>['data'],
  ): void {
    this.current.set(data.licenseId, {
      licenseId: data.licenseId,
      type: data.type,
      issuedBy: data.source.kind === 'package' ? data.source.partnerId : null,
      eventId: id,
      from: at,
      until: null,
      units: data.units,
      validFrom: Date.parse(data.validFrom),
      validUntil: data.validUntil === null ? null : Date.parse(data.validUntil),
      isInForce: true,
      isFirst: true,
    });
  }

  /** Of several versions at one instant only the last remains (U5). */
  private change({ id, at }: Event, licenseId: string, change: Partial<LicenseVersion>): void {
    const before = this.current.get(licenseId);
    if (!before) return;
    const isSameInstant = before.from === at;
    if (!isSameInstant) this.versions.push({ ...before, until: at });
    this.current.set(licenseId, {
      ...before,
      ...change,
      eventId: id,
      from: at,
      isFirst: isSameInstant && before.isFirst,
    });
  }

  /** Again for the same device: it is in another group, which changes nothing here. */
  private startBasic({ at }: Event, serialNumber: string): void {
    if (this.current.has(`basic ${serialNumber}`)) return;
    const basic = { licenseId: serialNumber, type: 'basic', issuedBy: null, eventId: '', isInForce: true } as const;
    const term = { from: at, until: null, validFrom: at, validUntil: null, isFirst: true };
    this.current.set(`basic ${serialNumber}`, { ...basic, ...term, units: basicUnitsOf(1) });
  }

  private endBasic(at: Instant, serialNumber: string): void {
    const before = this.current.get(`basic ${serialNumber}`);
    this.current.delete(`basic ${serialNumber}`);
    if (before && before.from !== at) this.versions.push({ ...before, until: at });
  }
}
