import { nameKey, PAUSE_EVERY, type Slices } from '@allotree/domain';
import type { Finding } from './finding.js';
import {
  isRelative,
  LEVELS,
  PATH_SEPARATOR,
  type GroupEntry,
  type ProjectFile,
  type RestrictionEntry,
} from './project-file.js';

type Path = readonly PropertyKey[];

/** What is known of the groups that a file names. */
export interface CheckedGroups {
  readonly findings: readonly Finding[];
  /** The keys of their paths, and that of the main group. */
  readonly paths: ReadonlySet<string>;
}

interface Found {
  readonly names: Finding[];
  readonly ids: Finding[];
  readonly restrictions: Finding[];
  readonly keys: Set<string>;
  /** The name of the project is the main group. */
  readonly paths: Set<string>;
  groups: number;
}

/** Groups by their names and keys, external ids, and limits; all of them in slices. */
export function* checkGroups(file: ProjectFile): Slices<CheckedGroups> {
  const { project, devices } = file;
  const found: Found = {
    names: [],
    ids: [],
    restrictions: restrictionFindings(project.restriction, ['project']),
    keys: new Set(),
    paths: new Set([nameKey(project.name)]),
    groups: 0,
  };
  yield* walk(found, project.groups, ['project', 'groups'], '');
  for (const [level] of LEVELS)
    found.restrictions.push(
      ...restrictionFindings(project.generate?.[level]?.restriction, ['project', 'generate', level]),
    );
  const others = [...repeatedIds(devices, ['devices']), ...repeatedIds(project.licenses, ['project', 'licenses'])];
  return { findings: [...found.names, ...found.ids, ...others, ...found.restrictions], paths: found.paths };
}

function* walk(found: Found, groups: readonly GroupEntry[], path: Path, above: string): Slices<void> {
  const names = new Set<string>();
  for (const [index, { name, key, restriction, groups: below }] of groups.entries()) {
    found.groups += 1;
    if (found.groups % PAUSE_EVERY === 0) yield;
    const here = [...path, index];
    if (isTwice(names, nameKey(name)))
      found.names.push({ path: [...here, 'name'], message: `"${name}" is named twice among its siblings` });
    if (key !== undefined && isTwice(found.keys, key)) found.ids.push(namedTwice(key, [...here, 'key']));
    found.restrictions.push(...restrictionFindings(restriction, here));
    found.paths.add(nameKey(`${above}${name}`));
    if (below.length > 0) yield* walk(found, below, [...here, 'groups'], `${above}${name}${PATH_SEPARATOR}`);
  }
}

const isTwice = (seen: Set<string>, value: string): boolean => seen.size === seen.add(value).size;

const namedTwice = (externalId: string, path: Path): Finding => ({ path, message: `"${externalId}" is named twice` });

/** External ids are unique among things of one kind. */
function repeatedIds(things: readonly { readonly externalId?: string | undefined }[], path: Path): Finding[] {
  const seen = new Set<string>();
  return things.flatMap(({ externalId }, index) =>
    externalId !== undefined && isTwice(seen, externalId)
      ? [namedTwice(externalId, [...path, index, 'externalId'])]
      : [],
  );
}

const moreOrEqual = (a: number | null, b: number | null): boolean => a === null || (b !== null && a >= b);

function restrictionFindings(restriction: RestrictionEntry | undefined, place: Path): Finding[] {
  return (restriction?.allotments ?? []).flatMap(({ units, validFrom, validUntil }, index) => {
    const here = [...place, 'restriction', 'allotments', index];
    const findings: Finding[] = [];
    if (!moreOrEqual(units.sip_number, units.mobile_app))
      findings.push({ path: [...here, 'units'], message: 'must have at least as many sip_number as mobile_app' });
    const bothAbsolute = [validFrom, validUntil].every((border) => typeof border === 'string' && !isRelative(border));
    if (bothAbsolute && Date.parse(validFrom ?? '') > Date.parse(validUntil ?? ''))
      findings.push({ path: [...here, 'validUntil'], message: 'ends before it starts' });
    return findings;
  });
}
