import { Problem } from './problem.js';

const ENTITY_TAG = /^(?:W\/)?"(0|[1-9][0-9]{0,14})"$/;

/** The `ETag` of what stands at a revision. */
export const etagOf = (revision: number): string => `"${revision}"`;

/** The revision an `If-Match` header asks for; `undefined` when there is no condition (absent, or `*`). */
export function expectedRevision(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const revision = ENTITY_TAG.exec(ifMatch.trim())?.[1];
  if (revision === undefined)
    throw Problem.validation('If-Match', 'must be the ETag of an earlier answer, such as "7"');
  return Number(revision);
}
