import { readFile, stat } from 'node:fs/promises';
import type { Api } from '@allotree/api-client';
import type { ApplyPlanAnswer, PlanAnswer, ProjectItem } from '@allotree/contracts';
import { MAX_PROJECT_FILE, openProjectFile, placesOfGroups, ProjectFileError } from '@allotree/project-file/read';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import type { Output } from './output.js';

/** A project file that has no mistake. */
export interface OpenedFile {
  readonly name: string;
  /** The name of the project in it. */
  readonly project: string;
  readonly document: object;
  /** `file:line:column: ` of a group, where the file names it. */
  readonly placeOf: (path: string) => string;
}

const unreadable = (name: string, error: unknown): CliError =>
  new CliError(`${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`);

/** Reads a file whole, unless it is too large. @throws CliError */
export async function readWhole(name: string): Promise<Buffer> {
  const { size } = await stat(name).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  const most = MAX_PROJECT_FILE;
  if (size > most)
    throw new CliError(`nothing was sent:\n${name}:1:1: is larger than ${most / 1_024 / 1_024} MB`, EXIT.refused);
  return readFile(name).catch((error: unknown) => {
    throw unreadable(name, error);
  });
}

/** Reads a project file and checks all that can be checked without the server. @throws CliError with every mistake */
export async function openFile(name: string): Promise<OpenedFile> {
  const text = (await readWhole(name)).toString('utf8');
  try {
    const { file, content } = openProjectFile(name, text);
    let places: ReturnType<typeof placesOfGroups> | null = null;
    const placeOf = (path: string): string => {
      const place = (places ??= placesOfGroups(text)).get(path);
      return place ? `${name}:${place.line}:${place.column}: ` : '';
    };
    return { name, project: file.project.name, document: content, placeOf };
  } catch (error) {
    if (!(error instanceof ProjectFileError)) throw error;
    throw new CliError(`nothing was sent:\n${error.message}`, EXIT.refused);
  }
}

/** The id of a project by its id or name. @throws CliError where there is none, or several */
export async function projectId(api: Api, idOrName: string): Promise<string> {
  const all = await api.list<ProjectItem>('/projects');
  const found = all.filter(({ projectId: id, name }) => id === idOrName || name === idOrName);
  if (found.length === 1 && found[0]) return found[0].projectId;
  const ids = found.map(({ projectId: id }) => id).join(', ');
  throw new CliError(
    found.length === 0
      ? `there is no project ${idOrName} that you can see. \`allotree list projects\` shows them.`
      : `several projects are called ${idOrName}: name one by its id with --project (${ids}).`,
  );
}

export const makePlan = (api: Api, project: string, document: object, prune: boolean): Promise<PlanAnswer> =>
  api.post<PlanAnswer>(`/projects/${project}/plans`, { document, prune });

const SIGNS = { create: '+', update: '~', move: '>', remove: '-' } as const;
const COLORS = { create: 'green', update: 'yellow', move: 'yellow', remove: 'red' } as const;
/** The number of operations that are shown one by one. */
const SHOWN = 200;

const short = (value: unknown): string => JSON.stringify(value).replaceAll('"', '');

/** `name: Unit 1 -> Unit One`: what differs between two states. */
function differences(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => name in after && short(before[name] ?? null) !== short(after[name] ?? null))
    .map((name) => `${name}: ${short(before[name] ?? null)} -> ${short(after[name] ?? null)}`)
    .join(', ');
}

function operationLine({ op, kind, path, count, before, after }: PlanAnswer['operations'][number]): string {
  const what = `${SIGNS[op]} ${kind} ${path}${count === 1 ? '' : ` (${count})`}`;
  if (op === 'move') return `${what}, from ${short(before?.['path'])}`;
  if (before && after) return `${what}: ${differences(before, after)}`;
  if (kind === 'group' || !after) return what;
  return `${what}: ${short(after)}`;
}

const summaryLine = ({ create, update, move, remove, unchanged }: PlanAnswer['summary']): string =>
  `${create} to create, ${update} to update, ${move} to move, ${remove} to remove, ${unchanged} unchanged`;

/** Shows a plan; with refusals first, by their places in the file. */
export function showPlan(out: Output, plan: PlanAnswer, placeOf: OpenedFile['placeOf']): void {
  const shown = plan.operations.slice(0, SHOWN);
  const left = plan.operations.length + plan.omitted - shown.length;
  const suspended = plan.effects.suspended.reduce((sum, { count }) => sum + count, 0);
  out.text(plan, [
    ...plan.refusals.map(({ path, code, detail }) => out.paint('red', `x ${placeOf(path)}${path}: ${code}: ${detail}`)),
    ...shown.map((operation) => out.paint(COLORS[operation.op], operationLine(operation))),
    ...(left > 0 ? [`  and ${left} more`] : []),
    ...(suspended > 0 ? [out.paint('red', `${suspended} units in use would be suspended`)] : []),
    summaryLine(plan.summary),
  ]);
}

/** The exit code of a plan that is only shown. */
export function codeOf({ operations, refusals }: PlanAnswer): ExitCode {
  if (refusals.length > 0) return EXIT.refused;
  return operations.length > 0 ? EXIT.pending : EXIT.done;
}

/** Applies a plan to its end. */
export async function applyPlan(out: Output, api: Api, project: string, planId: string): Promise<void> {
  for (;;) {
    const { status, progress } = await api.post<ApplyPlanAnswer>(`/projects/${project}/plans/${planId}/apply`, {});
    if (status === 'applied') return;
    out.note(`${progress.phase}: ${progress.done} of ${progress.total}`);
  }
}

/** Refuses a plan that removes more than was allowed. @throws CliError */
export function refuseRemovals({ summary }: PlanAnswer, most: number): void {
  if (summary.remove <= most) return;
  throw new CliError(
    `the plan removes ${summary.remove}, and --max-removals is ${most}: nothing was changed. Look at it with \`allotree plan --prune\`, and allow it with --max-removals ${summary.remove}.`,
    EXIT.refused,
  );
}

/** A whole number of an option. @throws CliError */
export function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    if (!/^\d{1,9}$/.test(text)) throw new CliError(`${option} must be a whole number, not ${text}`);
    return Number(text);
  };
}
