import type { AssignmentRef, ProjectStructure } from '@allotree/domain';

/** As many assignments as one integration event carries, and as many ids in their paths and beside: it stays below 1 MB. */
const MAX_ASSIGNMENTS = 1_000;
const MAX_PATH_IDS = 10_000;

export type PlacedRef = AssignmentRef & { readonly path: string[] };

/** An assignment with the path of its group. Labels and holders stay inside. */
export const placedRef = (
  { assignmentId, groupId, resource, externalId }: AssignmentRef,
  structure: ProjectStructure,
): PlacedRef => {
  const placed = { assignmentId, groupId, resource, path: [...structure.pathTo(groupId)] };
  return externalId === undefined ? placed : { ...placed, externalId };
};

/** Bytes of the longest id, at most. An external id may have three of them for each of its characters. */
const ID_BYTES = 64;
const idsOf = ({ path, externalId = '' }: PlacedRef): number =>
  path.length + Math.ceil((externalId.length * 3) / ID_BYTES);

/** The assignments with their paths, cut into lists that one integration event carries. */
export function assignmentLists(assignments: readonly AssignmentRef[], structure: ProjectStructure): PlacedRef[][] {
  const lists: PlacedRef[][] = [];
  let ids = 0;
  for (const assignment of assignments) {
    const placed = placedRef(assignment, structure);
    const list = lists.at(-1);
    ids += idsOf(placed);
    if (list && list.length < MAX_ASSIGNMENTS && ids <= MAX_PATH_IDS) list.push(placed);
    else {
      lists.push([placed]);
      ids = idsOf(placed);
    }
  }
  return lists;
}
