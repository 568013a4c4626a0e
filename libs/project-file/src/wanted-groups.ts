import { generate, PAUSE_EVERY, planGeneration, type Generation, type GroupType, type Slices } from '@allotree/domain';
import { levelsOf, PATH_SEPARATOR, type GroupEntry, type ProjectFile, type RestrictionEntry } from './project-file.js';

/** A group that a file names or generates. */
export interface WantedGroup {
  /** Place of the parent in the list; -1: it is the main group. */
  readonly parent: number;
  /** `Building A / Unit 1`; the main group's is the name of the project. */
  readonly path: string;
  readonly name: string;
  readonly type: GroupType;
  readonly key: string | undefined;
  readonly isProtected: boolean;
  readonly restriction: RestrictionEntry | undefined;
}

export interface WantedGroups {
  /** Parents before their children; the main group is the first. */
  readonly groups: readonly WantedGroup[];
  /** Why the groups that the file generates cannot be; `null`: they can, or there are none. */
  readonly fault: { readonly field: string; readonly message: string } | null;
}

/** Everything a file says about groups, one by one. */
export function* wantedGroups({ project }: ProjectFile): Slices<WantedGroups> {
  const groups: WantedGroup[] = [
    {
      parent: -1,
      path: project.name,
      name: project.name,
      type: 'company',
      key: undefined,
      isProtected: false,
      restriction: project.restriction,
    },
  ];
  function* walk(entries: readonly GroupEntry[], parent: number, above: string): Slices<void> {
    for (const { name, type, key, protect = false, restriction, groups: below } of entries) {
      const path = `${above}${name}`;
      groups.push({ parent, path, name, type, key, isProtected: protect, restriction });
      if (groups.length % PAUSE_EVERY === 0) yield;
      if (below.length > 0) yield* walk(below, groups.length - 1, `${path}${PATH_SEPARATOR}`);
    }
  }
  yield* walk(project.groups, 0, '');
  return { groups, fault: yield* generated(project.generate, groups) };
}

type Level = ReturnType<typeof levelsOf>[number];
type Generate = NonNullable<ProjectFile['project']['generate']>;

const generationOf = (generate: Generate, levels: readonly Level[]): Generation => ({
  parentId: '',
  newId: '',
  levels: Object.fromEntries(levels.map(({ type, level }) => [type, level])),
  apartmentsRestart: generate.apartments?.restart ?? 'unit',
});

/** Adds the groups that a file generates. */
function* generated(
  generation: ProjectFile['project']['generate'],
  groups: WantedGroup[],
): Slices<WantedGroups['fault']> {
  const levels = generation === undefined ? [] : levelsOf(generation);
  if (generation === undefined || levels.length === 0) return null;
  const planned = planGeneration(generationOf(generation, levels));
  if (!planned.ok) {
    const { field, message } = planned.refusal;
    return { field, message };
  }
  const places: number[] = [];
  const siblings = new Map<string, number>();
  const add = (name: string, own: number, above: number): void => {
    const { type, level } = levels[own] as Level;
    const parent = above < 0 ? 0 : (places[above] as number);
    const place = siblings.get(`${parent} ${own}`) ?? 0;
    siblings.set(`${parent} ${own}`, place + 1);
    const path = parent === 0 ? name : `${(groups[parent] as WantedGroup).path}${PATH_SEPARATOR}${name}`;
    const restriction = place < (level.restrictedOfEach ?? Infinity) ? level.restriction : undefined;
    places.push(groups.length);
    groups.push({ parent, path, name, type, key: undefined, isProtected: false, restriction });
  };
  yield;
  for (const { data } of generate(planned.plan)) {
    yield;
    data.names.forEach((name, index) => add(name, data.level[index] as number, data.parents[index] as number));
  }
  return null;
}
