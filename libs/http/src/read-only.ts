import { isDeepStrictEqual } from 'node:util';
import { invalid } from './problem.js';

/**
 * Accepts a body that repeats read-only members as the answer had them.
 *
 * @param current the read-only members as they are; those that the body leaves out are not compared
 * @throws Problem `VALIDATION` naming every member that the body tries to change
 */
export function refuseReadOnlyChanges(body: object, current: Readonly<Record<string, unknown>>): void {
  const given = body as Readonly<Record<string, unknown>>;
  const changed = Object.entries(current).filter(
    ([field, value]) => given[field] !== undefined && !isDeepStrictEqual(given[field], value),
  );
  if (changed.length > 0) throw invalid(changed.map(([field]) => ({ field, message: 'cannot be changed here' })));
}
