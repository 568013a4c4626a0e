import { describe, expect, it } from '@jest/globals';
import type { BillingMode, Units } from '../words.js';
import { lineContent } from './lines.js';
import { DEFAULT_ACCOUNT_TERMS, DEFAULT_CALENDAR, type AccountTerms, type ResourceTerms } from './terms.js';
import { periodsIn, tradeLines, type Trade } from './trade-lines.js';
import { trueUpPeriod, usageLines, type BilledPeriod, type UseToBill } from './usage-lines.js';

const at = (text: string): number => Date.parse(text);
const none = { open: 0, steps: [] };
const use = (billingMode: BillingMode, units = 0): UseToBill => ({
  projectId: 'hafenblick',
  billingMode,
  usage: { sip_number: { open: units, steps: [] }, mobile_app: none, ukey2: none },
  entitled: { sip_number: { open: 120, steps: [] }, mobile_app: none, ukey2: none },
  eventIds: ['close-1'],
});
const terms = (of: Partial<ResourceTerms>): AccountTerms => ({
  ...DEFAULT_ACCOUNT_TERMS,
  currency: 'EUR',
  resources: {
    ...DEFAULT_ACCOUNT_TERMS.resources,
    sip_number: { ...DEFAULT_ACCOUNT_TERMS.resources.sip_number, ...of },
  },
});
const february = (of: Partial<ResourceTerms>, since = '2026-01-01T00:00Z'): BilledPeriod => ({
  period: { from: at('2026-02-01T00:00Z'), until: at('2026-03-01T00:00Z') },
  terms: terms(of),
  calendar: DEFAULT_CALENDAR,
  since: at(since),
});
const brief = (lines: ReturnType<typeof usageLines>) =>
  lines
    .map((line, index) => lineContent(index + 1, line, 2))
    .filter(({ resource }) => resource === 'sip_number')
    .map(({ type, quantity, amount }) => [type, quantity, amount]);

describe('lines of use', () => {
  it('charge what a postpaid project used, and a prepaid one nothing', () => {
    const billed = february({ unitPrice: '1.50' });
    expect(brief(usageLines(use('postpaid', 80), billed))).toEqual([['usage', '80.000000', '120.00']]);
    expect(brief(usageLines(use('prepaid', 80), billed))).toEqual([]);
  });

  it('charge what is entitled in either mode', () => {
    const billed = february({ basis: 'entitled', unitPrice: '0.10' });
    for (const mode of ['prepaid', 'postpaid'] as const)
      expect(brief(usageLines(use(mode, 80), billed))).toEqual([['usage', '120.000000', '12.00']]);
  });

  it('charge a commitment and what exceeds it, of a prepaid project the excess alone', () => {
    const billed = february({ basis: 'committed_plus_overage', committed: 50, unitPrice: '2' });
    expect(brief(usageLines(use('postpaid', 80), billed))).toEqual([
      ['usage', '50.000000', '100.00'],
      ['overage', '30.000000', '60.00'],
    ]);
    expect(brief(usageLines(use('prepaid', 80), billed))).toEqual([['overage', '30.000000', '60.00']]);
  });

  it('charge the excess once, by the peak of a quarter, where the terms say so', () => {
    const quarterly = { basis: 'committed_plus_overage', committed: 50, unitPrice: '2', trueUp: 'P3M' } as const;
    const inFebruary = february(quarterly);
    const inMarch = {
      ...inFebruary,
      period: { from: at('2026-03-01T00:00Z'), until: at('2026-04-01T00:00Z') },
    };
    expect(brief(usageLines(use('postpaid', 80), inFebruary))).toEqual([['usage', '50.000000', '100.00']]);
    expect(brief(usageLines(use('postpaid', 80), inMarch))).toEqual([
      ['usage', '50.000000', '100.00'],
      ['trueup', '30.000000', '60.00'],
    ]);
    const late = { ...inMarch, since: at('2026-02-10T00:00Z') };
    expect(trueUpPeriod(late, late.terms.resources.sip_number)).toEqual({
      from: late.since,
      until: at('2026-04-01T00:00Z'),
    });
  });

  it('charge the excess of a quarter in no later period, nor to an account that is billed after it only', () => {
    const terms = { ...february({}).terms.resources.sip_number, trueUp: 'P3M' } as const;
    const april = { from: at('2026-04-01T00:00Z'), until: at('2026-05-01T00:00Z') };
    expect(trueUpPeriod({ ...february({}), period: april }, terms)).toBeNull();
    const inMarch = { ...february({}), period: { from: at('2026-03-01T00:00Z'), until: april.from } };
    expect(trueUpPeriod({ ...inMarch, since: april.from - 1 }, terms)).toEqual({
      from: april.from - 1,
      until: april.from,
    });
    expect(trueUpPeriod({ ...inMarch, since: april.from }, terms)).toBeNull();
    expect(trueUpPeriod(inMarch, { ...terms, trueUp: null })).toBeNull();
  });

  it('charge the units that were in use for as long as the terms say', () => {
    const used = use('postpaid', 80);
    const steps = [
      { at: at('2026-02-10T00:00Z'), units: 95 },
      { at: at('2026-02-10T01:00Z'), units: 90 },
      { at: at('2026-02-10T03:00Z'), units: 80 },
    ];
    const usage = { ...used.usage, sip_number: { open: 80, steps } };
    const sustained = (hours: number) =>
      february({ basis: 'sustained', unitPrice: '1', sustainedMilliseconds: hours * 3_600_000 });
    const quantities = [1, 3, 4].map((hours) => brief(usageLines({ ...used, usage }, sustained(hours)))[0]);
    expect(quantities).toEqual([
      ['usage', '95.000000', '95.00'],
      ['usage', '90.000000', '90.00'],
      ['usage', '80.000000', '80.00'],
    ]);
  });
});

describe('lines of trade', () => {
  const units: Units = { sip_number: 120, mobile_app: 0, ukey2: null };
  const sold: Trade = {
    type: 'new',
    eventId: 'sold',
    projectId: 'hafenblick',
    units,
    term: { from: at('2026-02-01T00:00Z'), until: at('2027-02-01T00:00Z') },
    charge: 'by_term',
  };

  it('count the periods of the term; what is unlimited has no quantity', () => {
    const lines = tradeLines(sold, february({ unitPrice: '0.5' }), false);
    expect(lines.map((line) => lineContent(1, line, 2))).toEqual([
      expect.objectContaining({
        type: 'new',
        resource: 'sip_number',
        basis: 'term',
        quantity: '1440.000000',
        amount: '720.00',
      }),
      expect.objectContaining({ type: 'new', resource: 'ukey2', quantity: null, amount: null }),
    ]);
  });

  it('cost nothing where nothing was bought', () => {
    const [line] = tradeLines({ ...sold, charge: 'free' }, february({ unitPrice: '0.5' }), false);
    expect(lineContent(1, line!, 2)).toMatchObject({ quantity: '1440.000000', unitPrice: '0', amount: '0.00' });
    const byUse = tradeLines({ ...sold, charge: 'by_use' }, february({ unitPrice: '0.5' }), false);
    expect(byUse.map(({ amount }) => amount)).toEqual([null, null]);
    const entitled = tradeLines(sold, february({ basis: 'entitled', unitPrice: '0.5' }), false);
    expect(entitled.map(({ amount }) => amount)).toEqual([null, null]);
  });

  it('correct earlier statements where the term begins in the past', () => {
    const late = { ...sold, term: { ...sold.term, from: at('2026-01-10T00:00Z') } };
    const [line] = tradeLines(late, february({}), false);
    expect(line).toMatchObject({ type: 'correction', changes: 'new', servicePeriod: late.term });
    expect(tradeLines(late, february({}), true)[0]).toMatchObject({ type: 'new', changes: null });
  });

  it('are those of an extension, whenever the term began that is extended', () => {
    const extended: Trade = { ...sold, type: 'extend', term: { ...sold.term, from: at('2026-01-10T00:00Z') } };
    const lines = tradeLines(extended, february({}), false);
    expect(lines.map(({ type, changes }) => [type, changes])).toEqual([
      ['extend', null],
      ['extend', null],
    ]);
  });

  it('name the event they rest on, and cost nothing without an end if they are free', () => {
    const term = { from: at('2026-02-01T00:00Z'), until: null };
    expect(tradeLines({ ...sold, units: { ...units, ukey2: 0 }, term, charge: 'free' }, february({}), false)).toEqual([
      {
        type: 'new',
        changes: null,
        projectId: 'hafenblick',
        resource: 'sip_number',
        basis: 'term',
        servicePeriod: term,
        unitMilliseconds: null,
        periodMilliseconds: null,
        peakAt: null,
        unitPrice: '0',
        amount: 0n,
        eventIds: ['sold'],
        reason: null,
      },
    ]);
  });

  it.each([
    ['quarters', 'P3M', '2026-01-15', '2026-08-15', 2 * 92 + 31, 92],
    ['months over the turn of a year', 'P1M', '2025-11-10', '2026-02-10', 3 * 28, 28],
    ['months from a day that some lack', 'P1M', '2026-01-31', '2026-03-01', 31 + 1, 31],
    ['years', 'P1Y', '2024-06-01', '2026-06-01', 2 * 365, 365],
  ] as const)('count %s in days of the period that the term ends in', (_, interval, from, until, days, length) => {
    const term = { from: at(`${from}T00:00Z`), until: at(`${until}T00:00Z`) };
    expect(periodsIn(term, { ...DEFAULT_CALENDAR, interval })).toEqual({
      numerator: BigInt(days) * 86_400_000n,
      denominator: BigInt(length) * 86_400_000n,
    });
  });

  it('have whole periods by the calendar, and a part of the last', () => {
    const count = (from: string, until: string | null) => {
      const periods = periodsIn(
        { from: at(from), until: until === null ? null : at(until) },
        { ...DEFAULT_CALENDAR, timeZone: 'Europe/Berlin' },
      );
      return periods === null ? null : Number(periods.numerator) / Number(periods.denominator);
    };
    expect(count('2026-01-01T00:00+01:00', '2027-01-01T00:00+01:00')).toBe(12);
    expect(count('2026-03-01T00:00+01:00', '2026-04-01T00:00+02:00')).toBe(1);
    expect(count('2026-01-31T00:00+01:00', '2026-02-28T00:00+01:00')).toBe(1);
    expect(count('2026-02-01T00:00+01:00', '2026-02-15T00:00+01:00')).toBe(0.5);
    expect(count('2026-02-01T00:00+01:00', '2026-02-01T00:00+01:00')).toBe(0);
    expect(count('2026-02-01T00:00+01:00', null)).toBeNull();
  });
});
