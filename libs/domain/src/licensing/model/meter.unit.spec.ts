import { describe, expect, it } from '@jest/globals';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import type { Meter, ResourceMeter } from './events.js';
import { meterAt, totalsAt } from './meter.js';

const HOUR = 3_600_000;
const START = day('2026-06-01');

const unused = (hours: number): ResourceMeter => ({
  open: hours === 0 ? null : 0,
  peak: 0,
  peakAt: START,
  unitMs: 0n,
  entitledMs: BigInt(2 * hours * HOUR),
  unlimitedMs: 0n,
  overageMs: 0n,
});
const idle = (at: number): Meter => {
  const of = unused((at - START) / HOUR);
  return { at, of: { sip_number: of, mobile_app: of, ukey2: of } };
};

/** A project with two of everything, billed by the month. */
function billed(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a');
  s.plus(units(2, 2, 2));
  s.do({ type: 'SetBillingTerms', now: START, interval: 'P1M', anchorDay: 1 });
  return s;
}

describe('the meter of a project', () => {
  it('does not exist without billing terms', () => {
    const { state } = new ProjectScenario(START).open();
    expect(meterAt(state, START + HOUR)).toBeNull();
  });

  it('does not count what was in force for no time', () => {
    const s = billed();
    s.assign('a');
    expect(meterAt(s.state, START)).toStrictEqual(idle(START));
  });

  it('runs to the instant of a question and leaves the state unchanged', () => {
    const { state } = billed();
    expect(meterAt(state, START + 5 * HOUR)).toStrictEqual(idle(START + 5 * HOUR));
    expect(state.totals.meter).toStrictEqual(idle(START));
  });

  it('is not taken back by a question about an earlier instant', () => {
    const s = billed();
    s.now += 3 * HOUR;
    s.assign('a');
    expect(meterAt(s.state, START + HOUR)).toStrictEqual(idle(START + 3 * HOUR));
  });

  it('counts use up to the licensed units without overage', () => {
    const s = billed();
    s.assign('a', 'sip_number', 2);
    expect(meterAt(s.state, START + HOUR)?.of.sip_number).toStrictEqual({
      ...unused(1),
      open: 2,
      peak: 2,
      unitMs: BigInt(2 * HOUR),
    });
  });

  it('has a peak from the instant at which use rose above every use before', () => {
    const s = billed();
    const [first = ''] = s.assign('a');
    s.now += HOUR;
    s.release('a', first);
    s.now += HOUR;
    s.assign('a');
    expect(meterAt(s.state, s.now + HOUR)?.of.sip_number).toMatchObject({ peak: 1, peakAt: START });
    s.assign('a');
    expect(meterAt(s.state, s.now + HOUR)?.of.sip_number).toMatchObject({ peak: 2, peakAt: s.now });
  });
});

describe('the totals of a period', () => {
  it('have the use at its start and at its end', () => {
    const s = billed();
    s.assign('a', 'sip_number', 2);
    const [first = ''] = s.assign('a', 'ukey2');
    s.now += HOUR;
    s.release('a', first);
    const { sip_number, ukey2, mobile_app } = totalsAt(s.state, s.state.totals.meter!, START + 2 * HOUR);
    expect(sip_number).toStrictEqual({ ...unused(2), open: 2, close: 2, peak: 2, unitMs: BigInt(4 * HOUR) });
    expect(ukey2).toStrictEqual({ ...unused(2), open: 1, close: 0, peak: 1, unitMs: BigInt(HOUR) });
    expect(mobile_app).toStrictEqual({ ...unused(2), open: 0, close: 0 });
  });
});
