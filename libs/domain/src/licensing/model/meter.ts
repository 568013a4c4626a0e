import type { Instant } from '../../decision.js';
import { eachResource } from '../../limits.js';
import type { Limit, Resource } from '../../words.js';
import type { ResourceTotals } from '../../metering/resource-totals.js';
import type { Meter, ResourceMeter } from './events.js';
import type { ProjectState } from './state.js';
import { usageOf } from './usage.js';

export const newMeter = (from: Instant): Meter => ({
  at: from,
  of: eachResource(() => ({
    open: null,
    peak: 0,
    peakAt: from,
    unitMs: 0n,
    entitledMs: 0n,
    unlimitedMs: 0n,
    overageMs: 0n,
  })),
});

/** Lets the meter run to an instant, with what is in force and licensed now. Called before a change; costs no more than the resources. */
export function runMeter(state: ProjectState, until: Instant): void {
  const { meter } = state.totals;
  if (meter && until > meter.at) state.totals.meter = ranTo(meter, until, state);
}

/** The meter at an instant that nothing recorded lies after; `null`: no billing period is measured. */
export function meterAt(state: ProjectState, at: Instant): Meter | null {
  const { meter } = state.totals;
  return meter && at > meter.at ? ranTo(meter, at, state) : meter;
}

/** The totals of the current period, if it ended at an instant that nothing recorded lies after. */
export function totalsAt(
  state: ProjectState,
  meter: Meter,
  until: Instant,
): Readonly<Record<Resource, ResourceTotals>> {
  const { of } = until > meter.at ? ranTo(meter, until, state) : meter;
  return eachResource((resource) => {
    const close = unitsOf(state, resource);
    return { ...of[resource], open: of[resource].open ?? close, close };
  });
}

function ranTo({ at, of }: Meter, until: Instant, state: ProjectState): Meter {
  const since = { at, length: BigInt(until - at) };
  const { entitled } = state.totals;
  return {
    at: until,
    of: eachResource((resource) => ran(of[resource], unitsOf(state, resource), entitled[resource], since)),
  };
}

const unitsOf = (state: ProjectState, resource: Resource): number => {
  const { project } = state.totals;
  return project === null ? 0 : usageOf(state, project.projectId).inForce[resource];
};

interface Stretch {
  readonly at: Instant;
  /** In milliseconds, more than none. */
  readonly length: bigint;
}

/** Of several changes at one instant only the last was in force for a time, so only it counts (U5). */
function ran(meter: ResourceMeter, units: number, limit: Limit, { at, length }: Stretch): ResourceMeter {
  const isPeak = units > meter.peak;
  return {
    open: meter.open ?? units,
    peak: isPeak ? units : meter.peak,
    peakAt: isPeak ? at : meter.peakAt,
    unitMs: meter.unitMs + BigInt(units) * length,
    entitledMs: limit === null ? meter.entitledMs : meter.entitledMs + BigInt(limit) * length,
    unlimitedMs: limit === null ? meter.unlimitedMs + length : meter.unlimitedMs,
    overageMs: limit === null ? meter.overageMs : meter.overageMs + BigInt(Math.max(0, units - limit)) * length,
  };
}
