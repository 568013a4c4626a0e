import { Problem } from './problem.js';

/** RFC 9110, 8.8.3; this system's own tags consist of digits. */
const ENTITY_TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;
const REVISION = /^(?:0|[1-9][0-9]{0,14})$/;
/** Commas within quotes do not separate. */
const LISTED = /(?:[^,"]|"[^"]*")+/g;

/** The `ETag` of a revision. */
export const etagOf = (revision: number): string => `"${revision}"`;

/**
 * The revision of an `If-Match` header, or those of a list; `undefined` when there is no condition (absent, or `*`). A weak or foreign tag
 * matches no revision (RFC 9110, 13.1.1: the comparison is strong).
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

/** Whether a revision is the expected one, or one of them. */
export const isExpected = (expected: number | readonly number[] | undefined, revision: number): boolean =>
  expected === undefined || (typeof expected === 'number' ? expected === revision : expected.includes(revision));
