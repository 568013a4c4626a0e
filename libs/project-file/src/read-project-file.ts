import { tidyName } from '@allotree/domain';
import { LineCounter, isMap, isScalar, isSeq, parseDocument, type Document } from 'yaml';
import { checkProjectFile, pathText, type Demands } from './check-project-file.js';
import type { Finding } from './finding.js';
import { PATH_SEPARATOR, type ProjectFile } from './project-file.js';

type Path = readonly PropertyKey[];

/** The largest project file, in UTF-16 code units. */
export const MAX_PROJECT_FILE = 50 * 1_024 * 1_024;

/** One thing wrong in a project file, with the place where it stands. */
export interface Mistake {
  /** 1 is the first line. */
  readonly line: number;
  /** 1 is the first character of the line. */
  readonly column: number;
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
        .map(
          ({ line, column, path, message }) => `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`,
        )
        .join('\n'),
    );
    this.name = 'ProjectFileError';
  }
}

type Position = Pick<Mistake, 'line' | 'column'>;

const positionAt = (lines: LineCounter, offset: number): Position => {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
};

/** Where the deepest part of `path` is that the document has. */
const positionOf = (document: Document, lines: LineCounter, path: Path): Position => {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path[depth - 1]);
      if (isScalar(pair?.key) && pair.key.range) return positionAt(lines, pair.key.range[0]);
    }
    const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return positionAt(lines, node.range[0]);
  }
  return { line: 1, column: 1 };
};

/** A project file without mistakes, and its content as it is written. */
export interface OpenedProjectFile {
  readonly file: ProjectFile;
  readonly content: object;
}

/**
 * Reads a project file and checks all that can be known without the system, so that nothing is sent from a file with a
 * mistake in it.
 *
 * @throws ProjectFileError
 */
export const readProjectFile = (file: string, text: string, demands?: Demands): ProjectFile =>
  openProjectFile(file, text, demands).file;

/** The same with the content. @throws ProjectFileError */
export const openProjectFile = (file: string, text: string, demands?: Demands): OpenedProjectFile => {
  if (text.length > MAX_PROJECT_FILE) {
    const message = `is larger than ${MAX_PROJECT_FILE / 1_024 / 1_024} MB`;
    throw new ProjectFileError(file, [{ line: 1, column: 1, path: '', message }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const mistakes = document.errors.map(({ pos, message }) => ({
      ...positionAt(lines, pos[0]),
      path: '',
      message: message.split('\n')[0] ?? message,
    }));
    throw new ProjectFileError(file, mistakes);
  }
  const content: unknown = document.toJS();
  const checked = checkProjectFile(content, demands);
  if (checked.ok) return { file: checked.file, content: content as object };
  const at = ({ path, message }: Finding): Mistake => ({
    ...positionOf(document, lines, path),
    path: pathText(path),
    message,
  });
  throw new ProjectFileError(file, checked.findings.map(at));
};

/** Where a file names its groups, by their paths; generated groups have no place of their own. */
export function placesOfGroups(text: string): ReadonlyMap<string, { readonly line: number; readonly column: number }> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const places = new Map<string, Position>();
  const walk = (groups: unknown, above: string): void => {
    if (!isSeq(groups)) return;
    for (const group of groups.items) {
      if (!isMap(group)) continue;
      const path = `${above}${tidyName(String(group.get('name')))}`;
      if (group.range) places.set(path, positionAt(lines, group.range[0]));
      walk(group.get('groups'), `${path}${PATH_SEPARATOR}`);
    }
  };
  const project: unknown = document.get('project');
  if (!isMap(project)) return places;
  if (project.range) places.set(tidyName(String(project.get('name'))), positionAt(lines, project.range[0]));
  walk(project.get('groups'), '');
  return places;
}
