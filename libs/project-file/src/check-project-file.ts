import { atOnce, nameKey, type Slices } from '@allotree/domain';
import type { z } from 'zod';
import { checkGroups } from './check-groups.js';
import type { Finding } from './finding.js';
import { nearestWord } from './nearest-word.js';
import { parseFile } from './parse-file.js';
import { PATH_SEPARATOR, levelsOf, projectFileSchema, type GroupEntry, type ProjectFile } from './project-file.js';

type Path = readonly PropertyKey[];

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
export const checkProjectFile = (content: unknown, demands?: Demands): Checked =>
  atOnce(checkInSlices(content, demands));

/** The same in slices. */
export function* checkInSlices(content: unknown, { seller = false }: Demands = {}): Slices<Checked> {
  const parsed = yield* parseFile(content);
  if (!parsed.ok) return { ok: false, findings: parsed.issues.flatMap((issue) => findingsOf(issue)) };
  const { file } = parsed;
  const groups = yield* checkGroups(file);
  const findings = [
    ...checkPartners(file),
    ...checkLicenses(file),
    ...groups.findings,
    ...(yield* checkPlaces(file, groups.paths)),
    ...(seller ? checkSeller(file) : []),
  ];
  return findings.length > 0 ? { ok: false, findings } : { ok: true, file };
}

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

function* checkPlaces(file: ProjectFile, paths: ReadonlySet<string>): Slices<Finding[]> {
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
  const known = paths.size > MOST_COMPARED ? [] : [file.project.name, ...pathsIn(file.project.groups)];
  const findings: Finding[] = [];
  for (const { group, path } of places) {
    yield;
    if (paths.has(nameKey(group)) || isGenerated(file, group.split(PATH_SEPARATOR))) continue;
    const nearest = nearestWord(group, known);
    const hint = nearest === null ? '' : `; did you mean "${nearest}"?`;
    findings.push({ path, message: `there is no group "${group}" in this file${hint}` });
  }
  return findings;
}

/** A file with more groups than this gets no suggestions: each would be compared with every name. */
const MOST_COMPARED = 2_000;

const pathsIn = (groups: readonly GroupEntry[], above = ''): string[] =>
  groups.flatMap((group) => {
    const path = `${above}${group.name}`;
    return [path, ...pathsIn(group.groups, `${path}${PATH_SEPARATOR}`)];
  });
