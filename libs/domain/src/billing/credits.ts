import { refuse } from '../decision.js';
import { lineOf, type Line, type LineContent } from './lines.js';

/** Lines of a statement that a credit note takes back. */
export interface CreditRequest {
  readonly lines: readonly LineContent[];
  /** Numbers of lines; `null`: all of the statement. */
  readonly asked: readonly number[] | null;
  /** Those that earlier credit notes took back. */
  readonly credited: readonly number[];
  readonly reason: string;
  readonly minorDigits: number;
}

export type CreditRefusal =
  | { readonly code: 'ALREADY_CREDITED'; readonly lines: readonly number[] }
  | { readonly code: 'NO_SUCH_LINE'; readonly lines: readonly number[] };

export interface Credited {
  readonly ok: true;
  /** The numbers of the lines that are taken back, and what takes them back, in the same order. */
  readonly numbers: readonly number[];
  readonly lines: readonly Line[];
}

/** The lines of a credit note: those of the statement with the opposite sign. A line is credited once. */
export function creditOf({ lines, asked, credited, reason, minorDigits }: CreditRequest) {
  const numbers = [...new Set(asked ?? lines.map(({ line }) => line))].sort((a, b) => a - b);
  const missing = numbers.filter((number) => !lines.some(({ line }) => line === number));
  if (missing.length > 0) return refuse<CreditRefusal>({ code: 'NO_SUCH_LINE', lines: missing });
  const again = numbers.filter((number) => credited.includes(number));
  if (again.length > 0) return refuse<CreditRefusal>({ code: 'ALREADY_CREDITED', lines: again });
  const chosen = lines.filter(({ line }) => numbers.includes(line));
  const taken = chosen.map((content): Line => reversed(lineOf(content, minorDigits), reason));
  return { ok: true, numbers, lines: taken } as Credited;
}

const reversed = (line: Line, reason: string): Line => ({
  ...line,
  type: 'credit',
  changes: line.changes ?? line.type,
  unitMilliseconds: line.unitMilliseconds === null ? null : -line.unitMilliseconds,
  amount: line.amount === null ? null : -line.amount,
  peakAt: null,
  reason,
});
