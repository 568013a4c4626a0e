import type { CurrentAssignment, CurrentGroup, CurrentProject, CurrentSection } from './current-project.js';
import { PATH_SEPARATOR } from './project-file.js';

type Entry = Record<string, unknown>;

const sectionOf = ({ poolMode, gracePeriodDays, allotments, reminder }: CurrentSection): Entry => ({
  ...(poolMode !== 'shared' && { poolMode }),
  ...(gracePeriodDays > 0 && { gracePeriodDays }),
  allotments: allotments.map(({ type, units, features, validFrom, validUntil }) => ({
    ...(type !== 'plus' && { type }),
    units: { ...units },
    ...(features.length > 0 && { features: [...features] }),
    validFrom,
    ...(validUntil !== null && { validUntil }),
  })),
  ...(reminder && { reminder: { ...reminder, daysBefore: [...reminder.daysBefore] } }),
});

const keyOf = ({ externalId }: Pick<CurrentGroup, 'externalId'>): Entry =>
  externalId === null ? {} : { key: externalId };
const listOf = (name: string, entries: readonly Entry[]): Entry => (entries.length > 0 ? { [name]: entries } : {});

/** The groups of a project as entries, and their paths. */
class Tree {
  readonly paths = new Map<string, string>();
  private readonly below = new Map<string | null, CurrentGroup[]>();
  private readonly sections: ReadonlyMap<string, CurrentSection>;

  constructor({ groups, restrictions }: CurrentProject) {
    this.sections = new Map(restrictions.map((section) => [section.groupId, section]));
    for (const group of groups) {
      const siblings = this.below.get(group.parentId);
      if (siblings) siblings.push(group);
      else this.below.set(group.parentId, [group]);
    }
  }

  restrictionOf(groupId: string): Entry {
    const section = this.sections.get(groupId);
    return section?.enabled === true ? { restriction: sectionOf(section) } : {};
  }

  /** The groups directly below one, each with those below it. */
  entriesBelow(parentId: string, above: string): Entry[] {
    return (this.below.get(parentId) ?? []).map((group) => {
      const { groupId, name, type } = group;
      const path = `${above}${name}`;
      this.paths.set(groupId, path);
      const groups = this.entriesBelow(groupId, `${path}${PATH_SEPARATOR}`);
      return { name, type, ...keyOf(group), ...this.restrictionOf(groupId), ...listOf('groups', groups) };
    });
  }
}

/** A project as the content of a project file. A plan of it changes nothing, with and without `prune`. */
export function exportProject(project: CurrentProject): Entry {
  const tree = new Tree(project);
  const { projectId, timeZone } = project;
  const name = project.groups[0]?.name ?? '';
  tree.paths.set(projectId, name);
  const groups = tree.entriesBelow(projectId, '');
  const pathOf = (groupId: string): string => tree.paths.get(groupId) ?? '';
  const devices = project.devices.map(({ groupId, serialNumber, model, externalId }) => ({
    group: pathOf(groupId),
    serialNumber,
    model,
    ...(externalId !== null && { externalId }),
  }));
  return {
    project: { name, timeZone, ...tree.restrictionOf(projectId), ...listOf('groups', groups) },
    ...listOf('devices', devices),
    ...listOf('assignments', unitsOf(project.assignments, tree.paths)),
  };
}

/** Units without anything of their own are counted. */
function unitsOf(assignments: readonly CurrentAssignment[], paths: ReadonlyMap<string, string>): Entry[] {
  const plain = new Map<string, { group: string; resource: string; count: number }>();
  const own: Entry[] = [];
  for (const { groupId, resource, label, holder, externalId } of assignments) {
    const group = paths.get(groupId) ?? '';
    if (label === null && holder === null && externalId === null) {
      const key = `${groupId} ${resource}`;
      const counted = plain.get(key) ?? { group, resource, count: 0 };
      counted.count += 1;
      plain.set(key, counted);
      continue;
    }
    const named = { ...(label !== null && { label }), ...(holder !== null && { holder }) };
    own.push({ group, resource, ...named, ...(externalId !== null && { externalId }) });
  }
  return [...own, ...plain.values()];
}
