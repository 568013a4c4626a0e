import { Problem } from './problem.js';

/** RFC 9110, 8.8.3; what we give out is digits. */
const ENTITY_TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;
const REVISION = /^(?:0|[1-9][0-9]{0,14})$/;
/** Commas inside of quotes separate nothing. */
const LISTED = /(?:[^,"]|"[^"]*")+/g;

/** The `ETag` of what stands at a revision. */
export const etagOf = (revision: number): string => `"${revision}"`;

/**
 * The revision an `If-Match` header asks for, or those of a list; `undefined` when there is no condition (absent, or `*`). A
 * tag that is weak, or none of ours, is the tag of no revision (RFC 9110, 13.1.1: the comparison is strong).
 */
export function expectedRevision(ifMatch: string | undefined): number | readonly number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const tags = (ifMatch.match(LISTED) ?? []).map((tag) => tag.trim()).filter((tag) => tag !== '');
  if (tags.length === 0) throw malformed();
  const revisions = tags.flatMap(revisionsOfTag);
  return tags.length === 1 && revisions.length === 1 ? revisions[0] : revisions;
}

function revisionsOfTag(tag: string): readonly number[] {
  const [, weak, opaque] = ENTITY_TAG.exec(tag) ?? [];
  if (opaque === undefined) throw malformed();
  return weak === undefined && REVISION.test(opaque) ? [Number(opaque)] : [];
}

const malformed = (): Problem =>
  Problem.validation('If-Match', 'must be the ETag of an earlier answer, such as "7", or a list of them');

/** Whether a revision is (one of) those that were asked for. */
export const isExpected = (expected: number | readonly number[] | undefined, revision: number): boolean =>
  expected === undefined || (typeof expected === 'number' ? expected === revision : expected.includes(revision));
