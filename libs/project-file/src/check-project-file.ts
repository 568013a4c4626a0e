import { nameKey } from '@allotree/domain';
import type { z } from 'zod';
import { nearestWord } from './nearest-word.js';
import {
  LEVELS,
  PATH_SEPARATOR,
  ProjectFile,
  isRelative,
  levelsOf,
  projectFileSchema,
  type GroupEntry,
  type RestrictionEntry,
} from './project-file.js';

type Path = readonly PropertyKey[];

/** One thing that is wrong in a project file. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
}

/** `project.groups[0].name` */
export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${String(part)}`),
    '',
  );

let words: ReadonlySet<string> | null = null;

/** Every key that some part of a project file has. */
const knownKeys = (): ReadonlySet<string> => {
  if (words) return words;
  const found = new Set<string>();
  const walk = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return;
    if ('properties' in schema) for (const key of Object.keys(schema.properties as object)) found.add(key);
    for (const part of Object.values(schema)) walk(part);
  };
  walk(projectFileSchema());
  return (words = found);
};

const unknownKey = (key: string): string => {
  const nearest = nearestWord(key, knownKeys());
  return nearest === null ? 'is not known here' : `is not known here; did you mean "${nearest}"?`;
};

/** A choice of forms reports the faults of the closest form. */
const findingsOf = (issue: z.core.$ZodIssue, above: Path = []): Finding[] => {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key) }));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = [...issue.errors].sort((a, b) => a.length - b.length)[0] ?? [];
    return nearest.flatMap((inner) => findingsOf(inner, path));
  }
  return [{ path, message: issue.message }];
};

export type Checked =
  { readonly ok: true; readonly file: ProjectFile } | { readonly ok: false; readonly findings: readonly Finding[] };

export interface Demands {
  /** The file must say who sells to the project, because applying it creates both. */
  readonly seller?: boolean;
}

/** Checks everything about the content of a project file that can be known without the system, all mistakes at once. */
export const checkProjectFile = (content: unknown, { seller = false }: Demands = {}): Checked => {
  const parsed = ProjectFile.safeParse(content);
  if (!parsed.success) return { ok: false, findings: parsed.error.issues.flatMap((issue) => findingsOf(issue)) };
  const findings = [...checkReferences(parsed.data), ...(seller ? checkSeller(parsed.data) : [])];
  return findings.length > 0 ? { ok: false, findings } : { ok: true, file: parsed.data };
};

const checkReferences = (file: ProjectFile): Finding[] => [
  ...checkPartners(file),
  ...checkLicenses(file),
  ...checkGroups(file.project.groups, ['project', 'groups']),
  ...checkExternalIds(file),
  ...checkRestrictions(file),
  ...checkPlaces(file),
];

const unknown = (path: Path, what: string, name: string): Finding => ({
  path,
  message: `there is no ${what} "${name}" in this file`,
});

const checkSeller = ({ partners, project }: ProjectFile): Finding[] =>
  partners.some(({ name }) => name === project.partner)
    ? []
    : [{ path: ['partners'], message: 'must contain the partner of the project' }];

const checkPartners = (file: ProjectFile): Finding[] => {
  const packagesOf = new Map<string, Set<string>>();
  return file.partners.flatMap((partner, index) => {
    const path = ['partners', index];
    const findings: Finding[] = [];
    if (packagesOf.has(partner.name))
      findings.push({ path: [...path, 'name'], message: `"${partner.name}" is named twice` });
    const above = partner.parent === undefined ? undefined : packagesOf.get(partner.parent);
    if (partner.parent !== undefined && above === undefined) {
      findings.push({
        path: [...path, 'parent'],
        message: `no partner "${partner.parent}" stands above this one in the file`,
      });
    }
    partner.purchases.forEach((purchase, at) => {
      if (above?.has(purchase.package) !== true) {
        findings.push(
          unknown(
            [...path, 'purchases', at, 'package'],
            `package of ${partner.parent ?? 'a partner above'}`,
            purchase.package,
          ),
        );
      }
    });
    const owned = [...partner.packages, ...partner.purchases.map((purchase) => ({ name: purchase.package }))];
    packagesOf.set(partner.name, new Set(owned.map(({ name }) => name)));
    return findings;
  });
};

const checkLicenses = (file: ProjectFile): Finding[] => {
  const partners = new Map(
    file.partners.map(({ name, packages, purchases }) => [
      name,
      new Set([...packages.map((owned) => owned.name), ...purchases.map((bought) => bought.package)]),
    ]),
  );
  const findings: Finding[] = [];
  const { partner } = file.project;
  // A file of a project alone names its partner for people.
  if (partner !== undefined && partners.size > 0 && !partners.has(partner))
    findings.push(unknown(['project', 'partner'], 'partner', partner));
  const licenses = [
    ...file.project.licenses.map((license, index) => ({ license, path: ['project', 'licenses', index] })),
    ...file.refusals.flatMap((refusal, index) =>
      'issue' in refusal ? [{ license: refusal.issue, path: ['refusals', index, 'issue'] }] : [],
    ),
  ];
  for (const { license, path } of licenses) {
    const owned = partners.get(license.from);
    if (!owned) findings.push(unknown([...path, 'from'], 'partner', license.from));
    else if (!owned.has(license.package))
      findings.push(unknown([...path, 'package'], `package of ${license.from}`, license.package));
  }
  return findings;
};

const checkGroups = (groups: readonly GroupEntry[], path: Path): Finding[] => {
  const names = new Set<string>();
  return groups.flatMap((group, index) => {
    const here = [...path, index];
    const isTwice = names.size === names.add(nameKey(group.name)).size;
    const twice = isTwice
      ? [{ path: [...here, 'name'], message: `"${group.name}" is named twice among its siblings` }]
      : [];
    return [...twice, ...checkGroups(group.groups, [...here, 'groups'])];
  });
};

interface Identified {
  readonly path: Path;
  readonly externalId: string | undefined;
}

const groupIdsOf = (groups: readonly GroupEntry[], path: Path): Identified[] =>
  groups.flatMap(({ key: externalId, groups: below }, index) => [
    { externalId, path: [...path, index, 'key'] },
    ...groupIdsOf(below, [...path, index, 'groups']),
  ]);

/** External ids are unique among things of one kind. */
const checkExternalIds = (file: ProjectFile): Finding[] => {
  const kinds: readonly (readonly Identified[])[] = [
    groupIdsOf(file.project.groups, ['project', 'groups']),
    file.devices.map(({ externalId }, index) => ({ externalId, path: ['devices', index, 'externalId'] })),
    file.project.licenses.map(({ externalId }, index) => ({
      externalId,
      path: ['project', 'licenses', index, 'externalId'],
    })),
  ];
  return kinds.flatMap((all) => {
    const seen = new Set<string>();
    return all.flatMap(({ path, externalId }) => {
      if (externalId === undefined || seen.size !== seen.add(externalId).size) return [];
      return [{ path, message: `"${externalId}" is named twice` }];
    });
  });
};

/** Every restriction that is to be put (not those that must be refused), with its place. */
const restrictionsOf = (file: ProjectFile): { path: Path; restriction: RestrictionEntry }[] => {
  const found: { path: Path; restriction: RestrictionEntry }[] = [];
  const add = (path: Path, restriction: RestrictionEntry | undefined): void => {
    if (restriction) found.push({ path: [...path, 'restriction'], restriction });
  };
  const walk = (groups: readonly GroupEntry[], path: Path): void =>
    groups.forEach((group, index) => {
      add([...path, index], group.restriction);
      walk(group.groups, [...path, index, 'groups']);
    });
  add(['project'], file.project.restriction);
  walk(file.project.groups, ['project', 'groups']);
  for (const [level] of LEVELS) add(['project', 'generate', level], file.project.generate?.[level]?.restriction);
  return found;
};

const moreOrEqual = (a: number | null, b: number | null): boolean => a === null || (b !== null && a >= b);

const checkRestrictions = (file: ProjectFile): Finding[] =>
  restrictionsOf(file).flatMap(({ path, restriction }) =>
    restriction.allotments.flatMap(({ units, validFrom, validUntil }, index) => {
      const here = [...path, 'allotments', index];
      const findings: Finding[] = [];
      if (!moreOrEqual(units.sip_number, units.mobile_app)) {
        findings.push({ path: [...here, 'units'], message: 'must have at least as many sip_number as mobile_app' });
      }
      const bothAbsolute = [validFrom, validUntil].every((border) => typeof border === 'string' && !isRelative(border));
      if (bothAbsolute && Date.parse(validFrom ?? '') > Date.parse(validUntil ?? '')) {
        findings.push({ path: [...here, 'validUntil'], message: 'ends before it starts' });
      }
      return findings;
    }),
  );

/** Whether a generated level may hold a group of this name; how many there are, the system knows. */
const isNameOf = (namePattern: string, name: string): boolean => {
  const literal = namePattern.split(/\{[^}]*\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('\\d+')}$`).test(name);
};

const isGenerated = (file: ProjectFile, names: readonly string[]): boolean => {
  const levels = levelsOf(file.project.generate ?? {});
  return (
    names.length <= levels.length &&
    names.every((name, depth) => isNameOf(levels[depth]?.level.namePattern ?? '', name))
  );
};

/** The keys of all paths that a file names. */
const namedPaths = (groups: readonly GroupEntry[], above = ''): string[] =>
  groups.flatMap((group) => {
    const path = `${above}${group.name}`;
    return [nameKey(path), ...namedPaths(group.groups, `${path}${PATH_SEPARATOR}`)];
  });

const checkPlaces = (file: ProjectFile): Finding[] => {
  const places = [
    ...file.devices.map(({ group }, index) => ({ group, path: ['devices', index, 'group'] })),
    ...file.assignments.map(({ group }, index) => ({ group, path: ['assignments', index, 'group'] })),
    ...file.refusals.flatMap((refusal, index) => {
      if ('restrict' in refusal)
        return [{ group: refusal.restrict.group, path: ['refusals', index, 'restrict', 'group'] }];
      if ('assign' in refusal) return [{ group: refusal.assign.group, path: ['refusals', index, 'assign', 'group'] }];
      return [];
    }),
  ];
  if (places.length === 0) return [];
  // The name of the project is the main group.
  const named = new Set([nameKey(file.project.name), ...namedPaths(file.project.groups)]);
  return places
    .filter(({ group }) => !named.has(nameKey(group)) && !isGenerated(file, group.split(PATH_SEPARATOR)))
    .map(({ group, path }) => {
      const nearest = nearestWord(
        group,
        named.size > 2_000 ? [] : [file.project.name, ...pathsIn(file.project.groups)],
      );
      const hint = nearest === null ? '' : `; did you mean "${nearest}"?`;
      return { path, message: `there is no group "${group}" in this file${hint}` };
    });
};

const pathsIn = (groups: readonly GroupEntry[], above = ''): string[] =>
  groups.flatMap((group) => {
    const path = `${above}${group.name}`;
    return [path, ...pathsIn(group.groups, `${path}${PATH_SEPARATOR}`)];
  });
