import type { PoolMode } from '@allotree/domain';
import {
  requestOf,
  type CurrentSection,
  type GroupEntry,
  type ProjectFile,
  type RehearsalEntry,
  type RestrictionEntry,
} from '@allotree/project-file';
import type { ProjectApplication } from './apply.js';
import { expectRefusal } from './show-refusals.js';
import { nodeAt, type Node, type Tree } from './tree.js';

/** A restriction as the API shows it. */
export type CurrentRestriction = CurrentSection;

/** The file without the sections of groups that are rehearsed, those below them, and use; `null`: nothing is rehearsed. */
export const beforeRehearsals = (file: ProjectFile): ProjectFile | null => {
  const without = (groups: readonly GroupEntry[], isHeld: boolean): GroupEntry[] =>
    groups.map((entry) => {
      const { restriction, rehearsal, groups: below, ...group } = entry;
      const held = isHeld || rehearsal !== undefined;
      return { ...group, ...(!held && restriction && { restriction }), groups: without(below, held) };
    });
  if (rehearsed(file.project.groups).length === 0) return null;
  const groups = without(file.project.groups, false);
  return { ...file, project: { ...file.project, groups }, devices: [], assignments: [] };
};

interface Rehearsed {
  readonly path: string;
  readonly rehearsal: RehearsalEntry;
  readonly restriction: RestrictionEntry;
}

const rehearsed = (groups: readonly GroupEntry[], above = ''): Rehearsed[] =>
  groups.flatMap(({ name, rehearsal, restriction, groups: below }) => {
    const path = `${above}${name}`;
    return [...(rehearsal && restriction ? [{ path, rehearsal, restriction }] : []), ...rehearsed(below, `${path} / `)];
  });

const sectionOf = ({ project }: ProjectApplication, node: Node): string =>
  `/projects/${project.projectId}/groups/${node.groupId}/restriction`;

/**
 * Shows what would be refused with another pool mode above groups that are not restricted yet. The mode above is really
 * changed and put back; whatever breaks in between, the next run puts back what the file says.
 */
export const showRehearsals = async (application: ProjectApplication, tree: Tree): Promise<void> => {
  const { api, file, project } = application;
  for (const { path, rehearsal, restriction } of rehearsed(file.project.groups)) {
    const node = nodeAt(tree, path);
    const place = sectionOf(application, node);
    const { allotments } = await api.get<CurrentRestriction>(place);
    if (allotments.length > 0 || !node.parent) continue;
    const above = sectionOf(application, node.parent);
    const current = await api.get<CurrentRestriction>(above);
    const putAbove = (poolMode: PoolMode) => api.put(above, { ...requestAgain(current), poolMode });
    await putAbove(rehearsal.poolModeAbove);
    const call = { method: 'PUT', path: `${place}?dryRun=true`, body: requestOf(restriction, project.firstDay) };
    await expectRefusal(application, { title: rehearsal.title, refused: rehearsal.refused, call });
    await putAbove(current.poolMode);
  }
};

/** What stands, as a request that changes nothing. */
export const requestAgain = ({ enabled, poolMode, gracePeriodDays, reminder, allotments }: CurrentRestriction) => ({
  enabled,
  poolMode,
  gracePeriodDays,
  reminder,
  allotments: allotments.map(({ allotmentId, type, units, features, validFrom, validUntil }) => ({
    allotmentId,
    type,
    units,
    features,
    validFrom,
    validUntil,
  })),
});
