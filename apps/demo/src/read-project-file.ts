import { isSameName } from '@allotree/domain';
import { LineCounter, isMap, isScalar, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import {
  LEVELS,
  PATH_SEPARATOR,
  ProjectFile,
  isRelative,
  levelsOf,
  type GroupEntry,
  type RestrictionEntry,
} from './project-file.js';

type Path = readonly PropertyKey[];

/** One thing wrong in a project file, with the place where it stands. */
export interface Mistake {
  /** 1 is the first line. */
  readonly line: number;
  /** `project.groups[0].name` */
  readonly path: string;
  readonly message: string;
}

/** Thrown with everything that is wrong in a file at once. */
export class ProjectFileError extends Error {
  constructor(
    readonly file: string,
    readonly mistakes: readonly Mistake[],
  ) {
    super(
      mistakes
        .map(({ line, path, message }) => `${file}:${line}: ${path === '' ? '' : `${path}: `}${message}`)
        .join('\n'),
    );
    this.name = 'ProjectFileError';
  }
}

const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${String(part)}`),
    '',
  );

/** The line of the deepest part of `path` that the document has. */
const lineOf = (document: Document, lines: LineCounter, path: Path): number => {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path[depth - 1]);
      if (isScalar(pair?.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line;
    }
    const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
};

interface Finding {
  readonly path: Path;
  readonly message: string;
}

/** Unknown keys are reported with their position; a choice of forms reports the faults of the closest form. */
const findingsOf = (issue: z.core.$ZodIssue, above: Path = []): Finding[] => {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'is not known here' }));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = [...issue.errors].sort((a, b) => a.length - b.length)[0] ?? [];
    return nearest.flatMap((inner) => findingsOf(inner, path));
  }
  return [{ path, message: issue.message }];
};

/**
 * Reads a project file and checks all that can be known without the system, so that nothing is sent from a file with a
 * mistake in it.
 *
 * @throws ProjectFileError
 */
export const readProjectFile = (file: string, text: string): ProjectFile => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = ({ path, message }: Finding): Mistake => ({
    line: lineOf(document, lines, path),
    path: pathText(path),
    message,
  });
  if (document.errors.length > 0) {
    const mistakes = document.errors.map(({ pos, message }) => ({
      line: lines.linePos(pos[0]).line,
      path: '',
      message: message.split('\n')[0] ?? message,
    }));
    throw new ProjectFileError(file, mistakes);
  }
  const parsed = ProjectFile.safeParse(document.toJS());
  if (!parsed.success)
    throw new ProjectFileError(file, parsed.error.issues.flatMap((issue) => findingsOf(issue)).map(at));
  const findings = checkReferences(parsed.data);
  if (findings.length > 0) throw new ProjectFileError(file, findings.map(at));
  return parsed.data;
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
  if (!partners.has(file.project.partner))
    findings.push(unknown(['project', 'partner'], 'partner', file.project.partner));
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

const checkGroups = (groups: readonly GroupEntry[], path: Path): Finding[] =>
  groups.flatMap((group, index) => {
    const here = [...path, index];
    const first = groups.findIndex(({ name }) => isSameName(name, group.name));
    const twice =
      first === index
        ? []
        : [{ path: [...here, 'name'], message: `"${group.name}" is named twice among its siblings` }];
    return [...twice, ...checkGroups(group.groups, [...here, 'groups'])];
  });

interface Identified {
  readonly path: Path;
  readonly externalId: string | undefined;
}

const groupIdsOf = (groups: readonly GroupEntry[], path: Path): Identified[] =>
  groups.flatMap(({ externalId, groups: below }, index) => [
    { externalId, path: [...path, index, 'externalId'] },
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
  return kinds.flatMap((all) =>
    all.flatMap(({ path, externalId }, index) => {
      const first = all.findIndex((one) => one.externalId === externalId);
      return externalId === undefined || first === index ? [] : [{ path, message: `"${externalId}" is named twice` }];
    }),
  );
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

const isNamed = (groups: readonly GroupEntry[], [name = '', ...below]: readonly string[]): boolean => {
  const group = groups.find((one) => isSameName(one.name, name));
  return group !== undefined && (below.length === 0 || isNamed(group.groups, below));
};

/** Every path a file may point at; the name of the project is the main group. */
const isPlace = (file: ProjectFile, path: string): boolean => {
  const names = path.split(PATH_SEPARATOR);
  return isSameName(path, file.project.name) || isNamed(file.project.groups, names) || isGenerated(file, names);
};

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
  return places.filter(({ group }) => !isPlace(file, group)).map(({ group, path }) => unknown(path, 'group', group));
};
