import pg from 'pg';
import type { Finding } from './finding.js';

/** Schemas whose subscriptions follow the event log. */
const SCHEMAS = ['groups', 'licensing'] as const;
const MOST_OF_A_KIND = 20;

/** Whether there is a table of this name, with its schema. */
export async function exists(client: pg.Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [table]);
  return rows[0]!.found;
}

/**
 * Checkpoints that are beyond the last event, or of another store.
 *
 * @param storeId `null`: not known
 */
export async function checkpointFindings(client: pg.Client, head: bigint, storeId: string | null): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const schema of SCHEMAS) {
    const table = `${schema}.checkpoint`;
    if (!(await exists(client, table))) continue;
    const { rows } = await client.query<{ name: string; position: string }>(
      `SELECT name, position FROM ${table} WHERE position > $1 ORDER BY name`,
      [head.toString()],
    );
    const beyond = ({ name, position }: { name: string; position: string }): string =>
      `the checkpoint of ${name} (${position}) is beyond the last event (${head}): events are missing`;
    findings.push(...rows.map((row) => ofTable(table, 'CHECKPOINT_BEYOND_END', beyond(row))));
    if (storeId === null) continue;
    const { rows: bound } = await client.query<{ store_id: string }>(`SELECT store_id FROM ${schema}.checkpoint_store`);
    for (const { store_id: other } of bound.filter((row) => row.store_id !== storeId))
      findings.push(
        ofTable(table, 'CHECKPOINT_BEYOND_END', `its positions are of event store ${other}, not ${storeId}`),
      );
  }
  return findings;
}

const ofTable = (stream: string, code: Finding['code'], message: string, eventId: string | null = null): Finding => ({
  stream,
  eventId,
  code,
  message,
});

/** The identity of the log in the database; `null`: it has none. */
export const storeIdOf = async (client: pg.Client): Promise<string | null> =>
  (await client.query<{ store_id: string }>('SELECT store_id FROM events.identity')).rows[0]?.store_id ?? null;

/** The last event of the log; position 0: there is none. */
export async function lastEventOf(client: pg.Client): Promise<{ position: bigint; instant: string | null }> {
  const { rows } = await client.query<{ position: string; instant: string }>(
    "SELECT position, metadata->>'recordedAt' AS instant FROM events.event ORDER BY position DESC LIMIT 1",
  );
  return { position: BigInt(rows[0]?.position ?? 0), instant: rows[0]?.instant ?? null };
}

const MISSING = `
  SELECT stream_name, count(*)::integer AS events, max(revision) + 1 AS expected FROM events.event
  GROUP BY stream_name HAVING count(*) <> max(revision) + 1 OR min(revision) <> 0 ORDER BY stream_name LIMIT ${MOST_OF_A_KIND}`;

/** Streams that lack events, without reading them. */
export async function revisionFindings(client: pg.Client): Promise<Finding[]> {
  const { rows } = await client.query<{ stream_name: string; events: number; expected: string }>(MISSING);
  return rows.map(({ stream_name: stream, events, expected }) =>
    ofTable(stream, 'REVISION_MISSING', `it has ${events} events, and its last one is number ${expected}`),
  );
}

/** A published event has the id of the event that it was made of. */
const UNKNOWN = `
  SELECT id, source, subject, sequence FROM reporting.event published
  WHERE source IN ('/group-service', '/license-service')
    AND NOT EXISTS (SELECT FROM events.event e WHERE e.event_id::text = published.id AND e.revision = published.sequence::bigint)
  ORDER BY position LIMIT ${MOST_OF_A_KIND}`;

/** Every event of these categories is published; those between two published ones have been, too. */
const NOT_PUBLISHED = `
  WITH reached AS (
    SELECT subject, min(sequence)::bigint AS first, max(sequence)::bigint AS last FROM reporting.event
    WHERE source = '/group-service' GROUP BY subject)
  SELECT e.stream_name, e.event_id, e.type, e.revision FROM events.event e
  JOIN reached ON reached.subject = substr(e.stream_name, strpos(e.stream_name, '-') + 1)
  WHERE e.category IN ('partner', 'group_tree', 'tenant_roles', 'user') AND e.revision BETWEEN reached.first AND reached.last
    AND NOT EXISTS (SELECT FROM reporting.event p WHERE p.source = '/group-service' AND p.id = e.event_id::text)
  ORDER BY e.position LIMIT ${MOST_OF_A_KIND}`;

interface Unpublished {
  readonly stream_name: string;
  readonly event_id: string;
  readonly type: string;
  readonly revision: string;
}

interface Published {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly sequence: string;
}

/** Compares the archive of published events with the log, where both are in one database; `null`: they are not. */
export async function publishedFindings(client: pg.Client): Promise<Finding[] | null> {
  if (!(await exists(client, 'reporting.event')) || !(await exists(client, 'events.event'))) return null;
  await client.query("SET LOCAL allotree.tenant = '*'");
  const unknown = await client.query<Published>(UNKNOWN);
  const missing = await client.query<Unpublished>(NOT_PUBLISHED);
  return [
    ...unknown.rows.map(({ id, source, subject, sequence }) =>
      ofTable(
        'reporting.event',
        'PUBLISHED_UNKNOWN',
        `event ${Number(sequence)} of ${source} about ${subject} was published, and the event log lacks it`,
        id,
      ),
    ),
    ...missing.rows.map(({ stream_name: stream, event_id: id, type, revision }) =>
      ofTable(stream, 'NOT_PUBLISHED', `${type} (revision ${revision}) was not published, and a later event was`, id),
    ),
  ];
}
