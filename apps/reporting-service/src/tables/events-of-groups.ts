import { onRows, type Row } from '@allotree/read-models';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { StoredEvent } from './stored-event.js';

/** Also of events whose types this version does not know. */
interface NamesGroups {
  readonly projectId?: unknown;
  readonly groupId?: unknown;
  readonly groups?: unknown;
  readonly assignments?: unknown;
}

const listed = (list: unknown): readonly unknown[] =>
  Array.isArray(list) ? (list as ({ groupId?: unknown } | null)[]).map((each) => each?.groupId) : [];

export interface EventOfGroup extends Row {
  readonly tenant_id: string | null;
  readonly project_id: string;
  readonly group_id: string;
  readonly position: bigint;
}

/** Events name groups by these fields; one that names none is about the whole project. */
export function groupsOf({ data, tenantId, position }: StoredEvent): readonly EventOfGroup[] {
  const { projectId, groupId, groups, assignments } = (data ?? {}) as NamesGroups;
  if (typeof projectId !== 'string') return [];
  const named = new Set([groupId, ...listed(groups), ...listed(assignments)].filter((id) => typeof id === 'string'));
  if (named.size === 0) named.add(projectId);
  return [...named].map((id) => ({ tenant_id: tenantId, project_id: projectId, group_id: id, position }));
}

/** Neighbors in the index are written one after the other. */
export function inOrderOfIndex(one: EventOfGroup, other: EventOfGroup): number {
  if (one.project_id !== other.project_id) return one.project_id < other.project_id ? -1 : 1;
  if (one.group_id !== other.group_id) return one.group_id < other.group_id ? -1 : 1;
  return one.position < other.position ? -1 : 1;
}

/** @param conflict what is done with rows that are there already: those of a subject that is computed anew */
export async function insertEventsOfGroups(
  tx: EntityManager,
  rows: readonly EventOfGroup[],
  conflict = '',
): Promise<void> {
  const columns = { tenant_id: 'text', project_id: 'text', group_id: 'text', position: 'bigint' };
  const names = Object.keys(columns).join(', ');
  const table = `${REPORTING}.event_of_group`;
  await onRows(
    tx,
    columns,
    rows,
    (given) => `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${given} ${conflict}`,
  );
}
