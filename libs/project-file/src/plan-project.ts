import { nameKey, PAUSE_EVERY, type Slices } from '@allotree/domain';
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
 * What brings a project to what a file says, in slices. Pure: the same file, project and ids make the same plan. Whether
 * the rules allow it, the services decide.
 */
export function* planProject(
  file: ProjectFile,
  project: CurrentProject,
  { prune, newId }: PlanOptions,
): Slices<ProjectPlan> {
  const { groups: wanted, fault } = yield* wantedGroups(file);
  const groups = yield* planGroups({ wanted, project, prune, newId });
  const places = yield* placesOf(wanted, groups, prune);
  const restrictions = yield* planRestrictions({ wanted, groups, project, prune });
  yield;
  const devices = planDevices(file.devices, project.devices, places);
  const units = yield* planAssignments(file.assignments, project.assignments, places);
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
  yield;
  const operations = parts.flatMap((part) => part.operations);
  yield;
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

function* placesOf(wanted: readonly WantedGroup[], groups: GroupsPlan, prune: boolean): Slices<Places> {
  const byPath = new Map<string, string>();
  const byId = new Map<string, string>();
  for (const [place, { path }] of wanted.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    const groupId = groups.ids[place] as string;
    const key = nameKey(path);
    if (!byPath.has(key)) byPath.set(key, groupId);
    byId.set(groupId, path);
  }
  const idOf = (path: string): string => byPath.get(nameKey(path)) ?? '';
  return { groups, prune, idOf, pathOf: (groupId) => byId.get(groupId) ?? '' };
}

interface RestrictionsQuestion {
  readonly wanted: readonly WantedGroup[];
  readonly groups: GroupsPlan;
  readonly project: CurrentProject;
  readonly prune: boolean;
}

type RestrictionsPlan = Pick<ProjectPlan, 'operations' | 'refusals' | 'restrictions'> & { readonly unchanged: number };

function* planRestrictions({ wanted, groups, project, prune }: RestrictionsQuestion): Slices<RestrictionsPlan> {
  const sections = new Map(project.restrictions.map((section) => [section.groupId, section]));
  const firstDay: FirstDay = { zone: project.timeZone, instant: project.createdAt };
  const operations: Operation[] = [];
  const refusals: PlanRefusal[] = [];
  const restrictions: ProjectPlan['restrictions'][number][] = [];
  let unchanged = 0;
  for (const [place, { path, restriction }] of wanted.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    const groupId = groups.ids[place] as string;
    const current = sections.get(groupId) ?? UNRESTRICTED;
    if (isSectionSo(current, restriction, firstDay, prune)) {
      if (restriction) unchanged += 1;
      continue;
    }
    const request = restriction ? requestOf(restriction, firstDay, current) : NO_SECTION;
    operations.push(sectionOperation(path, current, restriction ? request : null));
    restrictions.push({ groupId, ...request });
    if (!restriction && groups.isProtected(groupId)) refusals.push(protectedAt('restriction', path));
  }
  return { operations, refusals, restrictions, unchanged };
}

/** Whether a section stays as it is. Without `prune`, one that the file does not name stays. */
const isSectionSo = (
  current: CurrentSection,
  wanted: RestrictionEntry | undefined,
  firstDay: FirstDay,
  prune: boolean,
): boolean => (wanted ? isAlreadySo(current, wanted, firstDay) : !prune || !current.enabled);

/** @param request `null`: the section goes */
function sectionOperation(path: string, current: CurrentSection, request: SectionRequest | null): Operation {
  const before = current.enabled ? sectionShown(current) : null;
  const restriction = { kind: 'restriction', path, count: 1, before } as const;
  if (request === null) return { op: 'remove', ...restriction, after: null };
  return { op: before === null ? 'create' : 'update', ...restriction, after: sectionShown(request) };
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
