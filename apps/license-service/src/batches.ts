import { PROBLEMS } from '@allotree/contracts';
import type { BatchRefusal, ProjectRefusal, RefusedItem } from '@allotree/domain';
import { Problem, refusalProblem } from '@allotree/http';
import { detailOf } from './refusals.js';

/** The refusal of one item, as a problem describes it. */
export function itemProblem(refusal: ProjectRefusal): { code: string; title: string; detail: string } {
  const { code, ...facts } = refusal;
  const detail = detailOf(refusal);
  // A fault of form names its field directly, because the item has no list of errors of its own.
  const shown = code === 'VALIDATION' ? facts : refusalProblem(refusal, detail).facts;
  return { ...shown, code, title: PROBLEMS[code].title, detail };
}

export const refusedItem = ({ index, refusal }: RefusedItem): object => ({ index, ...itemProblem(refusal) });

/** The problem for a batch of which items were refused: it names each with its place in the list. */
export const batchProblem = (refusal: BatchRefusal): Problem =>
  new Problem(refusal.code, detailOf(refusal), { items: refusal.items.map(refusedItem) });
