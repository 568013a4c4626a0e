import type { z } from 'zod';
import { describeConfiguration } from './configuration.js';

/** An environment variable that nothing reads, and the setting it was most likely meant to be. */
export interface Misspelled {
  readonly given: string;
  readonly meant: string;
}

/** Short names are one letter away from too many others (`POST`, `SORT`). */
const SHORTEST = 6;
const PREFIX = /^ALLOTREE_(?!TEST_)/;
/** Kubernetes injects such variables for every service: `REDIS_PORT=tcp://...`, `KAFKA_SERVICE_HOST`, `KAFKA_PORT_9092_TCP_ADDR`. */
const NAME_OF_KUBERNETES = /_(?:SERVICE_(?:HOST|PORT)|PORT_\d+_(?:TCP|UDP))/;
const VALUE_OF_KUBERNETES = /^(?:tcp|udp):\/\//;

/**
 * The environment holds variables of many programs. Only those are reported that differ from a setting by case, dashes, a prefix ALLOTREE_,
 * or one or two typing errors.
 */
export function misspelled(shape: z.ZodObject, env: Readonly<Record<string, string | undefined>>): Misspelled[] {
  const rows = describeConfiguration(shape);
  const known = new Set(rows.flatMap(({ name, secret }) => (secret === true ? [name, `${name}_FILE`] : [name])));
  return Object.entries(env)
    .filter(([given]) => !known.has(given) && !NAME_OF_KUBERNETES.test(given))
    .filter(([, value]) => value !== undefined && !VALUE_OF_KUBERNETES.test(value))
    .flatMap(([given]) => {
      const meant = nearest(given, known);
      return meant === null ? [] : [{ given, meant }];
    });
}

function nearest(given: string, known: ReadonlySet<string>): string | null {
  const plain = plainOf(given.replace(PREFIX, ''));
  for (const name of known) if (plainOf(name) === plain) return name;
  if (given.length < SHORTEST || given !== given.toUpperCase()) return null;
  const near = [...known]
    .filter((name) => name.length >= SHORTEST)
    .map((name) => ({ name, slips: slipsBetween(given, name) }))
    .filter(({ name, slips }) => slips <= (name.length < 10 ? 1 : 2))
    .sort((one, other) => one.slips - other.slips);
  return near[0]?.name ?? null;
}

const plainOf = (name: string): string => name.toUpperCase().replaceAll(/[-_.]/g, '');

/** Letters to insert, delete, replace or swap with their neighbor (optimal string alignment). */
function slipsBetween(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      next.push(
        Math.min(
          at(last, column) + 1,
          at(next, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(before, column - 2) + 1 : Infinity,
        ),
      );
    }
    [before, last] = [last, next];
  }
  return at(last, other.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Infinity;

/** For the log at start. */
export const misspelledWarning = ({ given, meant }: Misspelled): string =>
  `the environment variable ${given} is not a setting and is ignored; did you mean ${meant}?`;
