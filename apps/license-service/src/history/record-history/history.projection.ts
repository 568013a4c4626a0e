import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '@allotree/event-sourcing';
import type { EntityManager } from 'typeorm';
import { columns, isoOf } from '../../persistence/columns.js';
import { ProjectProjection } from '../../persistence/project-projection.js';
import { projectEventOf, projectOfStream } from '../../streams.js';
import { entriesOf, type Entry, type Json } from './entries.js';

interface Row {
  readonly projectId: string;
  readonly recorded: RecordedEvent;
  readonly at: number;
  readonly ordinal: number;
  readonly entry: Entry;
}

/** Who, when, what, before and after, of everything that happened in a project's licensing. */
@Injectable()
export class HistoryProjection extends ProjectProjection {
  readonly name = 'history';
  readonly tables = [{ name: 'history_entry' }];

  protected async write(events: readonly RecordedEvent[], tx: EntityManager): Promise<void> {
    const rows = events.flatMap(rowsOf);
    if (rows.length === 0) return;
    const states = await knownStates(tx, rows);
    const written = rows.map((row) => {
      const key = keyOf(row.projectId, row.entry.subject);
      const before = row.entry.subject === null ? (row.entry.before ?? null) : (states.get(key) ?? null);
      const after = row.entry.after(before);
      if (row.entry.subject !== null) states.set(key, after);
      return { ...row, before, after };
    });
    await insert(tx, written);
  }
}

function rowsOf(recorded: RecordedEvent): Row[] {
  const projectId = projectOfStream(recorded.streamName);
  const event = projectEventOf(recorded);
  return entriesOf(event).map((entry, ordinal) => ({ projectId, recorded, at: event.at, ordinal, entry }));
}

const keyOf = (projectId: string, subject: string | null): string => `${projectId} ${subject}`;

/** The state of each subject before this batch: what the newest entry about it left. */
async function knownStates(tx: EntityManager, rows: readonly Row[]): Promise<Map<string, Json | null>> {
  // A group that is placed was not there before: no need to look.
  const asked = rows.filter(({ recorded, entry }) => entry.subject !== null && recorded.type !== 'GroupsPlaced');
  const subjects = [...new Map(asked.map((row) => [keyOf(row.projectId, row.entry.subject), row])).values()];
  if (subjects.length === 0) return new Map();
  const found = await tx.query<{ project_id: string; subject: string; after: Json | null }[]>(
    `SELECT asked.project_id, asked.subject, newest.after
     FROM unnest($1::text[], $2::text[]) AS asked(project_id, subject)
     CROSS JOIN LATERAL (
       SELECT entry.after FROM licensing.history_entry entry
       WHERE entry.project_id = asked.project_id AND entry.subject = asked.subject
       ORDER BY entry.position DESC, entry.ordinal DESC LIMIT 1
     ) AS newest`,
    columns(
      subjects,
      (row) => row.projectId,
      (row) => row.entry.subject,
    ),
  );
  return new Map(found.map((row) => [keyOf(row.project_id, row.subject), row.after]));
}

async function insert(
  tx: EntityManager,
  rows: readonly (Row & { readonly before: Json | null; readonly after: Json | null })[],
): Promise<void> {
  await tx.query(
    `INSERT INTO licensing.history_entry (project_id, position, ordinal, event_id, event_type, group_id, subject, at,
                                          recorded_at, actor, correlation_id, details, before, after)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[],
                          $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[], $12::json[], $13::json[], $14::json[])`,
    columns(
      rows,
      (row) => row.projectId,
      (row) => String(row.recorded.position),
      (row) => row.ordinal,
      (row) => row.recorded.metadata.eventId,
      (row) => row.recorded.type,
      (row) => row.entry.groupId,
      (row) => row.entry.subject,
      (row) => isoOf(row.at),
      (row) => row.recorded.metadata.recordedAt,
      (row) => row.recorded.metadata.actor,
      (row) => row.recorded.metadata.correlationId,
      (row) => JSON.stringify(row.entry.details),
      (row) => (row.before === null ? null : JSON.stringify(row.before)),
      (row) => (row.after === null ? null : JSON.stringify(row.after)),
    ),
  );
}
