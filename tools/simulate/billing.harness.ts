import type { LicensingEvent } from '@allotree/contracts';
import { measure, RESOURCES, type Period, type Resource, type Step } from '@allotree/domain';
import { Violation, type Trace } from './trace.harness.js';

/** Units in force from each instant on, and the assignments they consist of. */
interface Use {
  readonly steps: Step[];
  readonly inForce: Set<string>;
}

interface Assigned {
  readonly assignmentId: string;
  readonly resource: Resource;
}

/**
 * A system that bills. It knows the published events alone, and takes the close of a period for what it promises to be: nothing of the period
 * comes after it, so the use is measured when the close arrives.
 */
export class BillingReader {
  readonly #uses = new Map<string, Record<Resource, Use>>();
  readonly #closedUntil = new Map<string, number>();
  periods = 0;

  constructor(private readonly trace: Trace) {}

  /** Takes the next event of a project. It was not taken before. */
  receive(projectId: string, { type, time, data }: LicensingEvent): void {
    const at = Date.parse(time);
    const until = this.#closedUntil.get(projectId) ?? -Infinity;
    if (at < until) this.#violate(projectId, `${type} at ${time} arrives after the close of its period`);
    switch (type) {
      case 'allotree.usage-period-closed.v1':
        return this.#close(projectId, data);
      case 'allotree.assignment-made.v1':
        return this.#count(projectId, at, [data], true);
      case 'allotree.assignments-made.v1':
      case 'allotree.assignments-reinstated.v1':
        return this.#count(projectId, at, data.assignments, true);
      case 'allotree.assignments-suspended.v1':
      case 'allotree.assignments-released.v1':
        return this.#count(projectId, at, data.assignments, false);
      default:
    }
  }

  #count(projectId: string, at: number, assignments: readonly Assigned[], isInForce: boolean): void {
    const uses = this.#usesOf(projectId);
    for (const { assignmentId, resource } of assignments) {
      const { steps, inForce } = uses[resource];
      if (isInForce) inForce.add(assignmentId);
      else inForce.delete(assignmentId);
      if (steps.at(-1)?.at === at) steps.pop();
      steps.push({ at, units: inForce.size });
    }
  }

  #close(projectId: string, data: Extract<LicensingEvent, { type: 'allotree.usage-period-closed.v1' }>['data']): void {
    const period: Period = { from: Date.parse(data.from), until: Date.parse(data.until) };
    const uses = this.#usesOf(projectId);
    for (const resource of RESOURCES) {
      const measured = measure({ open: 0, steps: uses[resource].steps }, period);
      const ours = shown({ ...measured, peakAt: new Date(measured.peakAt).toISOString() });
      const theirs = shown(data.totals[resource]);
      if (ours !== theirs)
        this.#violate(projectId, `${resource} of period ${data.periodId} is billed as ${ours}, closed with ${theirs}`);
    }
    this.#closedUntil.set(projectId, period.until);
    this.periods++;
  }

  #usesOf(projectId: string): Record<Resource, Use> {
    const none = (): Use => ({ steps: [], inForce: new Set() });
    const uses = this.#uses.get(projectId) ?? { sip_number: none(), mobile_app: none(), ukey2: none() };
    this.#uses.set(projectId, uses);
    return uses;
  }

  #violate(projectId: string, message: string): void {
    this.trace.violate(new Violation(message, projectId));
  }
}

/** What can be measured without knowing the licenses. */
const shown = ({ open, close, peak, peakAt, unitMs }: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ open, close, peak, peakAt, unitMs: String(unitMs) });
