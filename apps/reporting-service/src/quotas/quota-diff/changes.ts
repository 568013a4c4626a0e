import { isDeepStrictEqual } from 'node:util';

/** A member of two answers that differs. */
export interface Change {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The members, by the path to them, in which two answers differ. A list is one value. */
export function changesBetween(before: unknown, after: unknown, path: readonly string[] = []): Change[] {
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => changesBetween(before[name] ?? null, after[name] ?? null, [...path, name]));
  }
  return isDeepStrictEqual(before, after) ? [] : [{ path: path.join('.'), before, after }];
}
