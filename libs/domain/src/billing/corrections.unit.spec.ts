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

describe('a document', () => {
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
    const quantity = { unitMilliseconds: 80_000n, periodMilliseconds: 1_000n };
    const line: Line = {
      type: 'usage',
      changes: null,
      projectId: 'p',
      resource: 'sip_number',
      basis: 'time_weighted',
      servicePeriod: { from: 0, until: 1_000 },
      ...quantity,
      peakAt: null,
      unitPrice: '1.50',
      amount: rated('1.50', quantity, 2),
      eventIds: ['e'],
      reason: null,
    };
    const content = documentOf(HEAD, [line]);
    expect(content.total).toBe('120.00');
    const faultsOf = (changed: Partial<typeof content>) =>
      chainFaults([{ content: { ...content, ...changed }, hash: 'h' }]).map(({ fault }) => fault);
    const first = lineContent(1, line, 2);
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
