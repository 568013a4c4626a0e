import { PROBLEMS } from '@allotree/contracts';
import type { BatchRefusal, ProjectRefusal } from '@allotree/domain';
import { Problem, refusalProblem } from '@allotree/http';
import { detailOf } from './refusals.js';
import { groupsNamed, groupsOfItem, whyLink, type RefusedCommand } from './why-link.js';

/** A command that was refused, or of which items were. */
export interface Refused extends Pick<RefusedCommand, 'projectId' | 'at'> {
  readonly command: object;
}

/** The refusal of one item, as a problem describes it. */
export function itemProblem(
  { index, refusal }: { readonly index: number; readonly refusal: ProjectRefusal },
  { command, ...refused }: Refused,
): { code: string; title: string; detail: string } {
  const { code, ...facts } = refusal;
  const detail = detailOf(refusal);
  // A fault of form names its field directly, because the item has no list of errors of its own.
  const shown = code === 'VALIDATION' ? facts : refusalProblem(refusal, detail).facts;
  const why = whyLink(refusal, { ...refused, groupIds: groupsOfItem(command, index) });
  return { ...shown, ...why, code, title: PROBLEMS[code].title, detail };
}

/** The problem for a batch of which items were refused: it names each with its place in the list. */
export const batchProblem = (refusal: BatchRefusal, refused: Refused): Problem =>
  new Problem(refusal.code, detailOf(refusal), {
    items: refusal.items.map((item) => ({ index: item.index, ...itemProblem(item, refused) })),
  });

/** The problem for a refused command, with a link to the reasons where it concerns a quota. */
export function refusedProblem(refusal: ProjectRefusal, refused: Refused): Problem {
  if (refusal.code === 'BATCH_REFUSED') return batchProblem(refusal, refused);
  const { command, ...decided } = refused;
  const { code, detail, facts } = refusalProblem(refusal, detailOf(refusal));
  return new Problem(code, detail, { ...facts, ...whyLink(refusal, { ...decided, groupIds: groupsNamed(command) }) });
}
