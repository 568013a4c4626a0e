import type { Api } from '@allotree/api-client';
import type { GroupDetails, GroupItem, ProjectDetails, ProjectItem } from '@allotree/contracts';
import { UnexpectedRefusal } from '@allotree/api-client';
import { CliError } from './exit-codes.js';

/** A path of the API: each part is encoded. */
export const apiPath = (strings: TemplateStringsArray, ...parts: readonly string[]): string =>
  strings.reduce((path, text, index) => `${path}${encodeURIComponent(parts[index - 1] ?? '')}${text}`);

/** A query string of what is there: `?at=...`, or nothing. */
export function queryOf(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given as [string, string][]).toString()}`;
}

/** A text as a value of a filter. */
export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

const LOOKS_LIKE_ID = /^[A-Za-z0-9_-]{1,100}$/;

/** The thing at a path, or `null` where there is none. */
async function perhaps<Body>(api: Api, path: string): Promise<Body | null> {
  const answer = await api.ask<Body>({ method: 'GET', path });
  if (answer.ok) return answer.body;
  if (answer.problem.code === 'NOT_FOUND' || answer.problem.code === 'VALIDATION') return null;
  throw new UnexpectedRefusal(`GET ${path}`, answer.problem);
}

function theOnly<Item>(items: readonly Item[], what: string, show: (item: Item) => string): Item {
  const [first, ...others] = items;
  if (first === undefined) throw new CliError(`there is no ${what}, or you cannot access it.`);
  if (others.length > 0)
    throw new CliError([`there are several of ${what}; name one by its id:`, ...items.map(show)].join('\n  '));
  return first;
}

/** A project by its id or its exact name. @throws CliError */
export async function findProject(api: Api, reference: string): Promise<ProjectDetails> {
  const byId = LOOKS_LIKE_ID.test(reference)
    ? await perhaps<ProjectDetails>(api, apiPath`/projects/${reference}`)
    : null;
  if (byId !== null) return byId;
  const path = `/projects${queryOf({ filter: `name = ${quoted(reference)}` })}`;
  return theOnly(await api.list<ProjectItem>(path), `project ${reference}`, ({ projectId }) => projectId);
}

type Group = Pick<GroupItem, 'groupId' | 'name' | 'parentId'>;

const named = (name: string): string => `name = ${quoted(name)}`;

async function byPath(api: Api, { projectId }: ProjectDetails, names: readonly string[]): Promise<Group> {
  let group: Group = await api.get<GroupDetails>(apiPath`/projects/${projectId}/groups/${projectId}`);
  for (const name of names) {
    const query = queryOf({ parentId: group.groupId, filter: named(name) });
    const found = await api.list<GroupItem>(`${apiPath`/projects/${projectId}/groups`}${query}`);
    group = theOnly(found, `group ${name} below ${group.name}`, ({ groupId }) => groupId);
  }
  return group;
}

/** A group by its id, its path below the root (`Building A/Unit 1`) or a name that only one group has. @throws CliError */
export async function findGroup(api: Api, project: ProjectDetails, reference: string | undefined): Promise<Group> {
  const { projectId } = project;
  if (reference === undefined || reference === '/') return byPath(api, project, []);
  const byId = LOOKS_LIKE_ID.test(reference)
    ? await perhaps<GroupDetails>(api, apiPath`/projects/${projectId}/groups/${reference}`)
    : null;
  if (byId !== null) return byId;
  if (reference.includes('/')) return byPath(api, project, reference.split('/').filter(Boolean));
  const path = `${apiPath`/projects/${projectId}/groups`}${queryOf({ filter: named(reference) })}`;
  return theOnly(await api.list<GroupItem>(path), `group ${reference}`, ({ groupId }) => groupId);
}

/** An instant or a date, checked before anything is sent. */
export function instantOption(text: string): string {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const atMidnight = isDate ? `${text}T00:00:00Z` : text;
  // A day that its month does not have would become one of the next month.
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  const exists = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10));
  if ((!isDate && !isInstant) || !exists || Number.isNaN(Date.parse(atMidnight)))
    throw new CliError(
      `${text} is no instant. Write a date (2026-06-01, in UTC) or an instant (2026-06-01T08:00:00Z).`,
    );
  return new Date(atMidnight).toISOString();
}
