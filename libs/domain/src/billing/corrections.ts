import type { Line } from './lines.js';

/** What identifies the subject of a line: lines with the same key add up to one truth. */
function keyOf({ type, changes, projectId, resource, basis, servicePeriod, eventIds }: Line): string {
  const { from, until } = servicePeriod;
  const event = basis === 'term' ? eventIds[0] : null;
  return JSON.stringify([changes ?? type, projectId, resource, basis, from, until, event]);
}

/** Neither an adjustment nor a credit, which have a reason. */
const isComputed = ({ reason }: Line): boolean => reason === null;

interface Sum {
  readonly line: Line;
  units: bigint;
  /** `null`: no line has a quantity. */
  periodMilliseconds: bigint | null;
  amount: bigint;
}

function sumsOf(lines: readonly Line[]): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const line of lines.filter(isComputed)) {
    const key = keyOf(line);
    const sum = sums.get(key) ?? { line, ...NOTHING };
    sum.units += line.unitMilliseconds ?? 0n;
    // Quotients of one key have one denominator: that of their service period.
    sum.periodMilliseconds ??= line.periodMilliseconds;
    sum.amount += line.amount ?? 0n;
    sums.set(key, sum);
  }
  return sums;
}

/**
 * The lines that bring what was issued, its corrections included, to what is true by now. Adjustments and credits are decisions and stay.
 * Added to what was issued, they give the truth exactly, in units and in amounts.
 */
export function correctionsOf(issued: readonly Line[], truth: readonly Line[]): Line[] {
  const [before, now] = [sumsOf(issued), sumsOf(truth)];
  const all = new Map([...before, ...now]);
  return [...all].flatMap(([key, { line }]) => {
    const [old, current] = [before.get(key) ?? NOTHING, now.get(key) ?? NOTHING];
    const [units, amount] = [current.units - old.units, current.amount - old.amount];
    // Units that have become unlimited have no quantity; the correction takes back that of the issued lines.
    const periodMilliseconds = current.periodMilliseconds ?? old.periodMilliseconds;
    return units === 0n && amount === 0n ? [] : [corrected(line, { units, periodMilliseconds, amount })];
  });
}

const NOTHING = { units: 0n, periodMilliseconds: null, amount: 0n };

const corrected = (line: Line, { units, periodMilliseconds, amount }: Omit<Sum, 'line'>): Line => ({
  ...line,
  type: 'correction',
  changes: line.changes ?? line.type,
  unitMilliseconds: units,
  periodMilliseconds,
  peakAt: null,
  amount: line.unitPrice === null ? null : amount,
});
