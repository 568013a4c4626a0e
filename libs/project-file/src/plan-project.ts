import { nameKey } from '@allotree/domain';
import { UNRESTRICTED, type CurrentProject, type CurrentSection } from './current-project.js';
import { planAssignments } from './plan-assignments.js';
import { planDevices, type Places } from './plan-devices.js';
import { planGroups, protectedAt, type GroupsPlan } from './plan-groups.js';
import type { Operation, PlanRefusal, ProjectPlan, Summary } from './plan-types.js';
import type { ProjectFile, RestrictionEntry } from './project-file.js';
import { isAlreadySo, NO_SECTION, requestOf, type SectionRequest } from './sections.js';
import type { FirstDay } from './terms.js';
import { wantedGroups, type WantedGroup } from './wanted-groups.js';

export type * from './plan-types.js';

export interface PlanOptions {
  /** Whether groups, restrictions, devices and units go that the file does not name. */
  readonly prune: boolean;
  /** The prefix of the ids of new groups below a group: the same for the same plan and group. */
  readonly newId: (parentId: string) => string;
}

/**
 * What brings a project to what a file says. Pure: the same file, project and ids make the same plan. Whether the rules
 * allow it, the services decide.
 */
export function planProject(file: ProjectFile, project: CurrentProject, { prune, newId }: PlanOptions): ProjectPlan {
  const { groups: wanted, fault } = wantedGroups(file);
  const groups = planGroups({ wanted, project, prune, newId });
  const places = placesOf(wanted, groups, prune);
  const restrictions = planRestrictions(wanted, groups, project, prune);
  const devices = planDevices(file.devices, project.devices, places);
  const units = planAssignments(file.assignments, project.assignments, places);
  const parts = [groups, devices, restrictions, units];
  const generation: PlanRefusal[] =
    fault === null
      ? []
      : [
          {
            kind: 'group',
            path: project.groups[0]?.name ?? '',
            code: 'VALIDATION',
            detail: `generate.${fault.field}: ${fault.message}`,
            facts: fault,
          },
        ];
  const operations = parts.flatMap((part) => part.operations);
  return {
    operations,
    refusals: [...generation, ...parts.flatMap((part) => part.refusals)],
    summary: summaryOf(
      operations,
      parts.reduce((sum, { unchanged }) => sum + unchanged, 0),
    ),
    tree: groups.tree,
    devices: devices.devices,
    restrictions: restrictions.restrictions,
    releases: units.releases,
    assignments: units.assignments,
    identified: units.identified,
    paths: new Map(groups.ids.map((groupId, place) => [groupId, wanted[place]?.path ?? ''])),
  };
}

function summaryOf(operations: readonly Operation[], unchanged: number): Summary {
  const summary = { create: 0, update: 0, move: 0, remove: 0, unchanged };
  for (const { op, count } of operations) summary[op] += count;
  return summary;
}

function placesOf(wanted: readonly WantedGroup[], groups: GroupsPlan, prune: boolean): Places {
  const byPath = new Map<string, string>();
  const byId = new Map<string, string>();
  for (const [place, { path }] of wanted.entries()) {
    const groupId = groups.ids[place] as string;
    if (!byPath.has(nameKey(path))) byPath.set(nameKey(path), groupId);
    byId.set(groupId, path);
  }
  const idOf = (path: string): string => byPath.get(nameKey(path)) ?? '';
  return { groups, prune, idOf, pathOf: (groupId) => byId.get(groupId) ?? '' };
}

function planRestrictions(
  wanted: readonly WantedGroup[],
  groups: GroupsPlan,
  project: CurrentProject,
  prune: boolean,
): Pick<ProjectPlan, 'operations' | 'refusals' | 'restrictions'> & { readonly unchanged: number } {
  const sections = new Map(project.restrictions.map((section) => [section.groupId, section]));
  const firstDay: FirstDay = { zone: project.timeZone, instant: project.createdAt };
  const operations: Operation[] = [];
  const refusals: PlanRefusal[] = [];
  const restrictions: ProjectPlan['restrictions'][number][] = [];
  let unchanged = 0;
  for (const [place, { path, restriction }] of wanted.entries()) {
    const groupId = groups.ids[place] as string;
    const current = sections.get(groupId) ?? UNRESTRICTED;
    const operation = sectionOperation({ path, current, wanted: restriction, firstDay, prune });
    if (operation === null) {
      if (restriction) unchanged += 1;
      continue;
    }
    operations.push(operation);
    restrictions.push({ groupId, ...(restriction ? requestOf(restriction, firstDay, current) : NO_SECTION) });
    if (!restriction && groups.isProtected(groupId)) refusals.push(protectedAt('restriction', path));
  }
  return { operations, refusals, restrictions, unchanged };
}

interface SectionQuestion {
  readonly path: string;
  readonly current: CurrentSection;
  readonly wanted: RestrictionEntry | undefined;
  readonly firstDay: FirstDay;
  readonly prune: boolean;
}

/** `null`: the section stays as it is. Without `prune`, one that the file does not name stays. */
function sectionOperation({ path, current, wanted, firstDay, prune }: SectionQuestion): Operation | null {
  const before = current.enabled ? sectionShown(current) : null;
  const restriction = { kind: 'restriction', path, count: 1, before } as const;
  if (!wanted) return prune && current.enabled ? { op: 'remove', ...restriction, after: null } : null;
  if (isAlreadySo(current, wanted, firstDay)) return null;
  const after = sectionShown(requestOf(wanted, firstDay));
  return { op: before === null ? 'create' : 'update', ...restriction, after };
}

/** As the file writes it. */
const sectionShown = (section: CurrentSection | SectionRequest): object => ({
  poolMode: section.poolMode,
  gracePeriodDays: section.gracePeriodDays,
  reminder: section.reminder,
  allotments: section.allotments.map(({ type, units, features, validFrom, validUntil }) => ({
    type,
    units,
    features,
    ...(validFrom !== undefined && { validFrom }),
    ...(validUntil !== undefined && { validUntil }),
  })),
});
