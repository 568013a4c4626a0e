import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BILLING_INTERVALS } from '../metering/billing-period.js';
import { modelRuns } from '../model-runs.fixture.js';
import type { ProjectCommand } from './model/commands.js';
import type { ProjectEvent, ProjectEventOf } from './model/events.js';
import { correctedInstant, meterAt } from './queries/billing.js';
import { decodeSnapshot, encodeSnapshot } from './model/snapshot.js';
import { projectAggregate } from './project.aggregate.js';
import { DAY, openings, START, steps } from './project-steps.fixture.js';
import { CELL, ReplayedUse } from './replayed-use.fixture.js';

const HOUR = 3_600_000;

const anchorDay = fc.integer({ min: 1, max: 31 });
/** Billing terms of a project: months at first, so that a period ends in every history, changed at some of the steps of a walk. */
const billing = fc.record({
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Havana'),
  billingMode: fc.constantFrom('prepaid' as const, 'postpaid' as const),
  anchorDay,
  changes: fc.array(
    fc.record({ step: fc.nat({ max: 40 }), interval: fc.constantFrom(...BILLING_INTERVALS), anchorDay }),
    { maxLength: 3 },
  ),
});
type Billed = typeof billing extends fc.Arbitrary<infer Value> ? Value : never;

/** Decides commands and keeps every event. */
class History {
  readonly events: ProjectEvent[] = [];
  state = projectAggregate.initial();

  constructor({ timeZone, billingMode, anchorDay: day }: Billed) {
    for (const command of openings())
      this.run(command.type === 'OpenProject' ? { ...command, timeZone, billingMode } : command);
    this.run({ type: 'SetBillingTerms', now: START, interval: 'P1M', anchorDay: day });
  }

  run(command: ProjectCommand): void {
    const decision = projectAggregate.decide(this.state, command);
    if (!decision.ok) return;
    for (const event of decision.events) projectAggregate.evolve(this.state, event);
    this.events.push(...decision.events);
  }

  change({ changes }: Billed, index: number, now: number): void {
    for (const { step, ...terms } of changes) if (step === index) this.run({ type: 'SetBillingTerms', now, ...terms });
  }

  /** Takes the project back to the present, as the operator does. */
  correctClock(now: number): void {
    const at = correctedInstant(this.state, now);
    const until = this.events.findLastIndex((event) => event.at <= at);
    const then = this.events.slice(0, until + 1).reduce(projectAggregate.evolve, projectAggregate.initial());
    const meter = meterAt(then, at);
    this.run({ type: 'CorrectClock', now, ...(meter && { meter }) });
  }

  /** The events, each at the instant from which it counts: what a clock ahead recorded counts from the corrected instant. */
  get effective(): readonly ProjectEvent[] {
    let least = Infinity;
    return this.events.reduceRight<ProjectEvent[]>((later, event) => {
      least = Math.min(least, event.at);
      return [{ ...event, at: least }, ...later];
    }, []);
  }

  get closes(): ProjectEventOf<'UsagePeriodClosed'>[] {
    return this.events.filter((event) => event.type === 'UsagePeriodClosed');
  }
}

/** How far the clock of a step is ahead, mostly not at all. */
const daysAhead = fc.array(
  fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 45 }) }),
  { minLength: 60, maxLength: 60 },
);
const runs = modelRuns(25);

describe('billing periods under random commands', () => {
  it('have the totals of use that is counted at every half hour', () => {
    fc.assert(
      fc.property(steps, billing, daysAhead, (walk, billed, ahead) => {
        const history = new History(billed);
        let now = START;
        walk.forEach(({ pass, commandAt }, index) => {
          now = Math.max(START, now + pass * DAY);
          history.change(billed, index, now);
          // A snapshot keeps what was measured so far.
          if (index % 10 === 9)
            history.state = decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(history.state))));
          history.run(commandAt(now + ahead[index]! * DAY));
          if (ahead[index]! > 0) history.correctClock(now);
        });
        const last = Math.max(...history.events.map(({ at }) => at));
        history.run({ type: 'TakeEffect', now: last + 70 * DAY });
        const replayed = new ReplayedUse(history.effective, START, last + 71 * DAY);
        expect(history.closes).not.toEqual([]);
        for (const { data } of history.closes)
          expect(data.totals).toStrictEqual(replayed.totals(data.from, data.until));
      }),
      runs,
    );
  });

  it('adjoin, and nothing is recorded before the end of a closed one, whatever the clocks of the replicas say', () => {
    const offsets = fc.array(fc.integer({ min: -24, max: 24 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(steps, billing, offsets, (walk, billed, clocks) => {
        const history = new History(billed);
        let now = START;
        walk.forEach(({ pass, commandAt }, index) => {
          now += Math.abs(pass) * DAY;
          const clock = now + clocks[index]! * HOUR;
          history.change(billed, index, clock);
          history.run(commandAt(clock));
          if (clocks[index] === 0) history.run({ type: 'CorrectClock', now: clock });
        });
        history.run({ type: 'TakeEffect', now: now + 70 * DAY });
        expect(faultsOf(history)).toEqual([]);
        expect(history.closes).not.toEqual([]);
      }),
      runs,
    );
  });
});

function* faultsIn({ events, closes }: History): Iterable<object> {
  for (const [index, close] of closes.entries()) {
    const { from, until } = close.data;
    if (close.at !== until || from >= until || until % CELL !== 0) yield { close };
    if (index > 0 && closes[index - 1]!.data.until !== from) yield { close, before: closes[index - 1] };
    const place = events.indexOf(close);
    const early = events.slice(place + 1).find(({ at }) => at < until);
    const late = events.slice(0, place).find(({ at }) => at >= until);
    if (early) yield { close, early };
    if (late) yield { close, late };
  }
}
const faultsOf = (history: History): readonly object[] => [...faultsIn(history)];
