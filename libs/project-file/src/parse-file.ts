import { MAX_DEPTH, PAUSE_EVERY, type Slices } from '@allotree/domain';
import type { z } from 'zod';
import { Assignment, Device, GroupNode, ProjectFile, type GroupEntry } from './project-file.js';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

export type Parsed =
  { readonly ok: true; readonly file: ProjectFile } | { readonly ok: false; readonly issues: readonly Issue[] };

interface WithIssues {
  readonly issues: Issue[];
  entries: number;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list that is taken out of the file to be parsed item by item; anything else is left for the schema of the file. */
const listIn = (of: unknown, name: string): readonly unknown[] | null =>
  isObject(of) && Array.isArray(of[name]) ? (of[name] as unknown[]) : null;

interface LongLists {
  readonly groups: readonly unknown[] | null;
  readonly devices: readonly unknown[] | null;
  readonly assignments: readonly unknown[] | null;
}

/** The content with its long lists empty, and these. */
function withoutLists(content: unknown): { readonly head: unknown; readonly lists: LongLists } {
  if (!isObject(content)) return { head: content, lists: { groups: null, devices: null, assignments: null } };
  const { project } = content;
  const lists = {
    groups: listIn(project, 'groups'),
    devices: listIn(content, 'devices'),
    assignments: listIn(content, 'assignments'),
  };
  const head = {
    ...content,
    ...(lists.groups && { project: { ...(project as object), groups: [] } }),
    ...(lists.devices && { devices: [] }),
    ...(lists.assignments && { assignments: [] }),
  };
  return { head, lists };
}

/** Parses the content of a project file like its schema, with the long lists in slices. */
export function* parseFile(content: unknown): Slices<Parsed> {
  const { head, lists } = withoutLists(content);
  const { success, data, error } = ProjectFile.safeParse(head);
  const found: WithIssues = { issues: [...(error?.issues ?? [])], entries: 0 };
  const groups = yield* groupsIn(found, lists.groups ?? [], ['project', 'groups']);
  const devices = yield* itemsIn(found, Device, lists.devices ?? [], ['devices']);
  const assignments = yield* itemsIn(found, Assignment, lists.assignments ?? [], ['assignments']);
  if (!success || found.issues.length > 0) return { ok: false, issues: found.issues };
  return { ok: true, file: { ...data, project: { ...data.project, groups }, devices, assignments } };
}

/** Groups with those below them, each parsed alone. */
function* groupsIn(found: WithIssues, entries: readonly unknown[], path: Path): Slices<GroupEntry[]> {
  const groups: GroupEntry[] = [];
  if (path.length > 2 * MAX_DEPTH) {
    found.issues.push({ code: 'custom', path: [...path], message: `groups go at most ${MAX_DEPTH} levels deep` });
    return groups;
  }
  for (const [index, entry] of entries.entries()) {
    const here = [...path, index];
    const below = listIn(entry, 'groups');
    const own = yield* parsed(found, GroupNode, below ? { ...(entry as object), groups: [] } : entry, here);
    const under = below ? yield* groupsIn(found, below, [...here, 'groups']) : [];
    if (own) groups.push(below ? { ...own, groups: under } : own);
  }
  return groups;
}

function* itemsIn<Schema extends z.ZodType>(
  found: WithIssues,
  schema: Schema,
  items: readonly unknown[],
  path: Path,
): Slices<z.infer<Schema>[]> {
  const list: z.infer<Schema>[] = [];
  for (const [index, item] of items.entries()) {
    const own = yield* parsed(found, schema, item, [...path, index]);
    if (own !== null) list.push(own);
  }
  return list;
}

function* parsed<Schema extends z.ZodType>(
  found: WithIssues,
  schema: Schema,
  item: unknown,
  path: Path,
): Slices<z.infer<Schema> | null> {
  found.entries += 1;
  if (found.entries % PAUSE_EVERY === 0) yield;
  const { data, error } = schema.safeParse(item);
  if (!error) return data;
  for (const issue of error.issues) found.issues.push({ ...issue, path: [...path, ...issue.path] });
  return null;
}
