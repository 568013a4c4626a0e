import type { AssignmentRef, ProjectStructure } from '@allotree/domain';

/** As many assignments as one integration event carries, and as many ids in their paths: it stays below 1 MB. */
const MAX_ASSIGNMENTS = 1_000;
const MAX_PATH_IDS = 10_000;

export type PlacedRef = AssignmentRef & { readonly path: string[] };

/** An assignment with the path of its group. Labels and holders stay inside. */
export const placedRef = (
  { assignmentId, groupId, resource }: AssignmentRef,
  structure: ProjectStructure,
): PlacedRef => ({ assignmentId, groupId, resource, path: [...structure.pathTo(groupId)] });

/** The assignments with their paths, cut into lists that one integration event carries. */
export function assignmentLists(assignments: readonly AssignmentRef[], structure: ProjectStructure): PlacedRef[][] {
  const lists: PlacedRef[][] = [];
  let ids = 0;
  for (const assignment of assignments) {
    const placed = placedRef(assignment, structure);
    const list = lists.at(-1);
    ids += placed.path.length;
    if (list && list.length < MAX_ASSIGNMENTS && ids <= MAX_PATH_IDS) list.push(placed);
    else {
      lists.push([placed]);
      ids = placed.path.length;
    }
  }
  return lists;
}
