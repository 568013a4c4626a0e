import type { EventReference } from '@allotree/contracts';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** An event of the log, without its data. */
export interface LoggedEvent {
  readonly position: string;
  readonly id: string;
  readonly type: string;
  readonly at: Date;
  readonly actor: string;
  readonly causation_id: string | null;
}

export const LOGGED = 'position, id, type, at, actor, causation_id';

/** Events by their positions. */
export async function eventsAt(
  tx: EntityManager,
  positions: readonly string[],
): Promise<ReadonlyMap<string, LoggedEvent>> {
  const rows: LoggedEvent[] = await tx.query(
    `SELECT ${LOGGED} FROM ${REPORTING}.event WHERE position = ANY ($1::bigint[])`,
    [[...new Set(positions)]],
  );
  return new Map(rows.map((row) => [row.position, row]));
}

/** An event as an answer names it. */
export const referenceOf = (
  { id, type, at, actor, causation_id: causationId }: LoggedEvent,
  showsActor: boolean,
): EventReference => ({ id, type, at: at.toISOString(), actor: showsActor ? actor : null, causationId });
