import { IsoDate, IsoInstant } from '../http/common.js';
import type { Span } from './filter.js';

const DAY_MS = 86_400_000;

/** The span of a date or an instant; `null`: the text is neither. */
export function spanOf(text: string): Span | null {
  if (IsoDate.safeParse(text).success) return within(Date.parse(`${text}T00:00:00Z`), DAY_MS);
  return IsoInstant.safeParse(text).success ? within(Date.parse(text), 1) : null;
}

const within = (from: number, length: number): Span => ({ from, until: from + length });
