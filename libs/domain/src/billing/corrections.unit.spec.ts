import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RESOURCES } from '../words.js';
import { correctionsOf } from './corrections.js';
import { creditOf } from './credits.js';
import { lineContent, lineOf, rated, type Line } from './lines.js';
import { canonicalText, chainFaults, documentOf, type DocumentHead } from './statement.js';

const MONTH = 1_000;

/** The truth about some months, as it is known at one time. */
const truths = fc
  .uniqueArray(
    fc.record({
      resource: fc.constantFrom(...RESOURCES),
      month: fc.nat(3),
      units: fc.bigInt({ min: 0n, max: 50_000n }),
    }),
    { selector: ({ resource, month }) => `${resource} ${month}` },
  )
  .map((all) =>
    all.map(({ resource, month, units }): Line => {
      const quantity = { unitMilliseconds: units, periodMilliseconds: BigInt(MONTH) };
      return {
        type: 'usage',
        changes: null,
        projectId: 'p',
        resource,
        basis: 'entitled',
        servicePeriod: { from: month * MONTH, until: (month + 1) * MONTH },
        ...quantity,
        peakAt: null,
        unitPrice: '0.37',
        amount: rated('0.37', quantity, 2),
        eventIds: [`e${month}`],
        reason: null,
      };
    }),
  );

const sums = (lines: readonly Line[]): Record<string, [bigint, bigint]> => {
  const all: Record<string, [bigint, bigint]> = {};
  for (const { resource, servicePeriod, unitMilliseconds, amount } of lines) {
    const key = `${resource} ${servicePeriod.from}`;
    const [units, money] = all[key] ?? [0n, 0n];
    all[key] = [units + (unitMilliseconds ?? 0n), money + (amount ?? 0n)];
  }
  return Object.fromEntries(Object.entries(all).filter(([, [units, money]]) => units !== 0n || money !== 0n));
};

describe('corrections', () => {
  it('add up to the truth, however often it changed', () => {
    fc.assert(
      fc.property(fc.array(truths, { minLength: 1, maxLength: 5 }), (versions) => {
        const issued: Line[] = [];
        for (const truth of versions) {
          issued.push(...correctionsOf(issued, truth));
          expect(sums(issued)).toEqual(sums(truth));
          expect(correctionsOf(issued, truth)).toEqual([]);
        }
      }),
    );
  });

  it('keep the service period, and leave decisions alone', () => {
    fc.assert(
      fc.property(truths, truths, (before, after) => {
        const decided: Line[] = before.map((line) => ({ ...line, type: 'correction', reason: 'agreed' }));
        const credited: Line[] = before.map((line) => ({ ...line, type: 'credit', reason: 'error' }));
        const corrections = correctionsOf([...before, ...decided, ...credited], after);
        expect(corrections).toEqual(correctionsOf(before, after));
        for (const { type, changes } of corrections) expect([type, changes]).toEqual(['correction', 'usage']);
      }),
    );
  });
});

const HEAD: DocumentHead = {
  kind: 'statement',
  documentId: 'd1',
  accountId: 'nordlicht:hafenblick',
  number: 1,
  seller: { kind: 'partner', id: 'nordlicht' },
  buyer: { kind: 'project', id: 'hafenblick' },
  period: { from: '2026-01-01T00:00:00.000Z', until: '2026-02-01T00:00:00.000Z' },
  timeZone: 'UTC',
  currency: 'EUR',
  minorDigits: 2,
  creditOf: null,
  reason: null,
  cutoff: null,
  previousHash: null,
};

/** 80 numbers for January at 1.50 each. */
const QUANTITY = { unitMilliseconds: 80_000n, periodMilliseconds: 1_000n };
const LINE: Line = {
  type: 'usage',
  changes: null,
  projectId: 'p',
  resource: 'sip_number',
  basis: 'time_weighted',
  servicePeriod: { from: 0, until: 1_000 },
  ...QUANTITY,
  peakAt: 500,
  unitPrice: '1.50',
  amount: 12_000n,
  eventIds: ['e'],
  reason: null,
};

describe('the correction of a line', () => {
  it('is the difference, without a peak', () => {
    expect(correctionsOf([LINE], [{ ...LINE, unitMilliseconds: 70_000n, amount: 10_500n }])).toEqual([
      { ...LINE, type: 'correction', changes: 'usage', unitMilliseconds: -10_000n, peakAt: null, amount: -1_500n },
    ]);
  });

  it('is found where only the quantity or only the amount is another', () => {
    const units = { ...LINE, unitMilliseconds: 80_001n };
    const amount = { ...LINE, amount: 12_001n };
    const brief = (lines: readonly Line[]) => lines.map((one) => [one.unitMilliseconds, one.amount]);
    expect(brief(correctionsOf([LINE], [units]))).toEqual([[1n, 0n]]);
    expect(brief(correctionsOf([LINE], [amount]))).toEqual([[0n, 1n]]);
  });

  it('is issued once, and changes neither adjustments nor credits', () => {
    const truth: Line = { ...LINE, unitMilliseconds: 70_000n, amount: 10_500n };
    const corrections = correctionsOf([LINE], [truth]);
    const decisions: Line[] = [
      { ...LINE, type: 'correction', changes: 'usage', reason: 'agreed' },
      { ...LINE, type: 'credit', changes: 'usage', reason: 'error' },
    ];
    expect(correctionsOf([LINE, ...corrections, ...decisions], [truth])).toEqual([]);
  });

  it('takes back what was charged for units that have become unlimited, and charges them again when they no longer are', () => {
    const unlimited: Line = { ...LINE, unitMilliseconds: null, periodMilliseconds: null, peakAt: null, amount: null };
    const correction: Line = { ...LINE, type: 'correction', changes: 'usage', peakAt: null };
    const back: Line = { ...correction, unitMilliseconds: -80_000n, amount: -12_000n };
    expect(correctionsOf([LINE], [unlimited])).toEqual([back]);
    expect(correctionsOf([LINE, back], [unlimited])).toEqual([]);
    expect(correctionsOf([LINE, back], [LINE])).toEqual([correction]);
    expect(correctionsOf([unlimited], [LINE])).toEqual([correction]);
  });

  it('has no amount without a price', () => {
    const free: Line = { ...LINE, unitPrice: null, amount: null };
    expect(correctionsOf([free], [{ ...free, unitMilliseconds: 70_000n }])).toEqual([
      { ...free, type: 'correction', changes: 'usage', unitMilliseconds: -10_000n, peakAt: null },
    ]);
  });

  it('keeps two trades of one term apart, and use of one period together', () => {
    const trade = (eventId: string): Line => ({ ...LINE, type: 'new', basis: 'term', eventIds: [eventId] });
    expect(correctionsOf([trade('first')], [trade('first'), trade('second')])).toEqual([
      { ...trade('second'), type: 'correction', changes: 'new', peakAt: null },
    ]);
    expect(correctionsOf([LINE], [{ ...LINE, eventIds: ['later'] }])).toEqual([]);
  });
});

describe('a credit note', () => {
  const lines = documentOf(HEAD, [
    LINE,
    { ...LINE, resource: 'ukey2' },
    { ...LINE, type: 'correction', changes: 'new' },
  ]).lines;
  const credit = (asked: readonly number[] | null, credited: readonly number[] = []) =>
    creditOf({ lines, asked, credited, reason: 'error', minorDigits: 2 });
  const back = { type: 'credit', unitMilliseconds: -80_000n, peakAt: null, amount: -12_000n, reason: 'error' } as const;

  it('takes lines back in their order, each once', () => {
    expect(credit([3, 1, 3])).toEqual({
      ok: true,
      numbers: [1, 3],
      lines: [
        { ...LINE, ...back, changes: 'usage' },
        { ...LINE, ...back, changes: 'new' },
      ],
    });
    expect(credit(null)).toMatchObject({ numbers: [1, 2, 3] });
  });

  it('takes back a line without a quantity', () => {
    const unlimited: Line = { ...LINE, unitMilliseconds: null, periodMilliseconds: null, amount: null };
    const { lines } = documentOf(HEAD, [unlimited]);
    expect(creditOf({ lines, asked: null, credited: [], reason: 'error', minorDigits: 2 })).toEqual({
      ok: true,
      numbers: [1],
      lines: [{ ...unlimited, type: 'credit', changes: 'usage', peakAt: null, reason: 'error' }],
    });
  });

  it('names the lines that do not exist, and those that were taken back', () => {
    expect(credit([9, 1, 4])).toEqual({ ok: false, refusal: { code: 'NO_SUCH_LINE', lines: [4, 9] } });
    expect(credit([3, 2, 1], [3, 1])).toEqual({ ok: false, refusal: { code: 'ALREADY_CREDITED', lines: [1, 3] } });
  });
});

describe('the documents of an account', () => {
  const first = documentOf(HEAD, [LINE, { ...LINE, unitMilliseconds: null, periodMilliseconds: null, amount: null }]);
  const second = documentOf({ ...HEAD, documentId: 'd2', number: 2, previousHash: 'h1' }, [LINE]);
  const faults = (one: Partial<typeof first>, other: Partial<typeof second>) =>
    chainFaults([
      { content: { ...first, ...one }, hash: 'h1' },
      { content: { ...second, ...other }, hash: 'h2' },
    ]).map(({ documentId, fault }) => [documentId, fault]);
  const [usage, unlimited] = first.lines as [(typeof first.lines)[0], (typeof first.lines)[0]];

  it('are a chain from the first to the last', () => {
    expect(faults({}, {})).toEqual([]);
    expect(faults({}, { previousHash: null })).toEqual([['d2', 'PREVIOUS_HASH']]);
    expect(faults({ previousHash: 'h2' }, {})).toEqual([['d1', 'PREVIOUS_HASH']]);
  });

  it('have lines that are all numbered, and all have their quantity', () => {
    expect(faults({ lines: [usage, { ...unlimited, line: 3 }] }, {})).toEqual([['d1', 'LINE_NUMBERS']]);
    expect(faults({ lines: [{ ...usage, quantity: '8.000000' }, unlimited] }, {})).toEqual([['d1', 'QUANTITY']]);
    expect(faults({ lines: [usage, { ...unlimited, quantity: '0.000000' }] }, {})).toEqual([['d1', 'QUANTITY']]);
    for (const half of [{ unitMilliseconds: '1' }, { periodMilliseconds: '1' }])
      expect(faults({ lines: [usage, { ...unlimited, ...half }] }, {})).toEqual([]);
  });

  it('have no total without a currency', () => {
    expect(documentOf({ ...HEAD, currency: null }, [LINE]).total).toBeNull();
  });
});

describe('a document', () => {
  it('has a canonical text, with its members in the order of their names', () => {
    expect(canonicalText({ ...documentOf(HEAD, []), seller: { kind: 'vendor', id: null } })).toBe(
      '{"accountId":"nordlicht:hafenblick","buyer":{"id":"hafenblick","kind":"project"},"creditOf":null,"currency":"EUR",' +
        '"cutoff":null,"documentId":"d1","kind":"statement","lines":[],"minorDigits":2,"number":1,' +
        '"period":{"from":"2026-01-01T00:00:00.000Z","until":"2026-02-01T00:00:00.000Z"},"previousHash":null,"reason":null,' +
        '"seller":{"id":null,"kind":"vendor"},"timeZone":"UTC","total":"0.00"}',
    );
  });

  it('shows a line without an end, a peak, a quantity or a price as such, and gives it back', () => {
    const line: Line = {
      ...LINE,
      servicePeriod: { from: 0, until: null },
      unitMilliseconds: null,
      periodMilliseconds: null,
      peakAt: null,
      unitPrice: null,
      amount: null,
    };
    const content = lineContent(7, line, 2);
    expect(content).toEqual({
      line: 7,
      type: 'usage',
      changes: null,
      projectId: 'p',
      resource: 'sip_number',
      basis: 'time_weighted',
      servicePeriod: { from: '1970-01-01T00:00:00.000Z', until: null },
      unitMilliseconds: null,
      periodMilliseconds: null,
      quantity: null,
      peakAt: null,
      unitPrice: null,
      amount: null,
      eventIds: ['e'],
      reason: null,
    });
    expect(lineOf(content, 2)).toEqual(line);
  });

  it('gives back the lines it was made of', () => {
    fc.assert(
      fc.property(truths, (lines) => {
        expect(documentOf(HEAD, lines).lines.map((content) => lineOf(content, 2))).toEqual(lines);
      }),
    );
  });

  it('has one canonical text, whatever the order of its members', () => {
    fc.assert(
      fc.property(truths, (lines) => {
        const content = documentOf(HEAD, lines);
        const turned = Object.fromEntries(Object.entries(content).reverse()) as typeof content;
        expect(canonicalText(turned)).toBe(canonicalText(content));
        expect(JSON.parse(canonicalText(content))).toEqual(content);
      }),
    );
  });

  it('is found to be changed in its sum, its quantity, its number or its place in the chain', () => {
    const content = documentOf(HEAD, [LINE]);
    expect(content.total).toBe('120.00');
    const faultsOf = (changed: Partial<typeof content>) =>
      chainFaults([{ content: { ...content, ...changed }, hash: 'h' }]).map(({ fault }) => fault);
    const first = lineContent(1, LINE, 2);
    expect(faultsOf({})).toEqual([]);
    expect(faultsOf({ lines: [{ ...first, amount: '12.00' }] })).toEqual(['TOTAL']);
    expect(faultsOf({ lines: [{ ...first, unitMilliseconds: '8000' }] })).toEqual(['QUANTITY']);
    expect(faultsOf({ lines: [{ ...first, line: 2 }] })).toEqual(['LINE_NUMBERS']);
    expect(faultsOf({ number: 2 })).toEqual(['NUMBER']);
    expect(faultsOf({ previousHash: 'other' })).toEqual(['PREVIOUS_HASH']);
  });
});

describe('a credit', () => {
  it('takes back exactly what was charged, once', () => {
    fc.assert(
      fc.property(truths, (lines) => {
        const contents = documentOf(HEAD, lines).lines;
        const request = { lines: contents, asked: null, credited: [], reason: 'error', minorDigits: 2 };
        const credit = creditOf(request);
        if (!credit.ok) throw new Error(credit.refusal.code);
        expect(sums([...lines, ...credit.lines])).toEqual({});
        expect(credit.numbers).toEqual(contents.map(({ line }) => line));
        const again = creditOf({ ...request, asked: [...credit.numbers], credited: credit.numbers });
        if (lines.length > 0)
          expect(again).toEqual({ ok: false, refusal: { code: 'ALREADY_CREDITED', lines: credit.numbers } });
      }),
    );
  });

  it('is refused for a line that is not there', () => {
    const request = { lines: [], asked: [3], credited: [], reason: 'error', minorDigits: 2 };
    expect(creditOf(request)).toEqual({ ok: false, refusal: { code: 'NO_SUCH_LINE', lines: [3] } });
  });
});
