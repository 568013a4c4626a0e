import pg from 'pg';

/** Building an index over a long log takes longer than any other statement, and so does waiting for a process that builds it (ms). */
const LONGEST_CHANGE_MS = 3_600_000;

/**
 * Creates the tables and functions of the store. How its global order works:
 *
 * An identity column is assigned at insert and becomes visible at commit, so a reader that follows it would skip events
 * that commit late. Here the position of an event is `transaction id << 20 | index in the transaction`, and a reader
 * stops at the *horizon*: the lowest transaction id that may still be appending. Below the horizon every transaction
 * has ended, and every later append gets a higher id, so what has been read is complete whatever the order of commits.
 *
 * The horizon only considers appends. Each append holds a shared advisory lock from before it gets a transaction id
 * until it ends; `horizon()` first takes a snapshot, then checks which transactions hold that lock, and the rows are
 * read with a newer snapshot. A transaction with an id below the end of the first snapshot that no longer holds the
 * lock has ended and is visible. Long transactions of others (a rebuild, a migration, another database) therefore do
 * not delay subscriptions. An append that stays open does; the store itself sends each append as one statement.
 *
 * 2^43 transactions fit, enough for 270 years at a thousand per second. A dump restored into a new server starts with
 * low transaction ids again: when the store is opened, `xid_offset` raises them above the existing positions.
 */
export async function createSchema(pool: pg.Pool, schema: string): Promise<void> {
  const client = await pool.connect();
  // If the connection is lost, the statement in progress or the next one fails.
  client.on('error', () => undefined);
  try {
    const change = (text: string, values: string[] = []) =>
      client.query({ text, values, query_timeout: LONGEST_CHANGE_MS } as pg.QueryConfig);
    await client.query('BEGIN');
    // Processes that start at the same time must not create the same objects concurrently.
    await change("SELECT pg_advisory_xact_lock(hashtext('allotree.events'), hashtext($1))", [schema]);
    await change(definitions(pg.escapeIdentifier(schema), pg.escapeLiteral(`${pg.escapeIdentifier(schema)}.event`)));
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

const LOCK_CLASS = 1_634_495_602;

const definitions = (schema: string, table: string): string => `
CREATE SCHEMA IF NOT EXISTS ${schema};

CREATE TABLE IF NOT EXISTS ${schema}.event (
  position bigint NOT NULL,
  revision bigint NOT NULL,
  event_id uuid NOT NULL,
  category text COLLATE "C" NOT NULL,
  stream_name text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  command_id text COLLATE "C" NOT NULL,
  metadata json NOT NULL,
  data json NOT NULL,
  CONSTRAINT event_of_stream PRIMARY KEY (stream_name, revision)
);
CREATE UNIQUE INDEX IF NOT EXISTS event_in_order ON ${schema}.event (position);
CREATE INDEX IF NOT EXISTS event_of_command ON ${schema}.event USING hash (command_id);

CREATE TABLE IF NOT EXISTS ${schema}.identity (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  store_id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO ${schema}.identity DEFAULT VALUES ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS ${schema}.snapshot (
  stream_name text COLLATE "C" PRIMARY KEY,
  version integer NOT NULL,
  revision bigint NOT NULL,
  event_id uuid NOT NULL,
  position bigint NOT NULL,
  state bytea NOT NULL
);
ALTER TABLE ${schema}.snapshot ALTER COLUMN state SET STORAGE EXTERNAL;
ALTER TABLE ${schema}.snapshot ADD COLUMN IF NOT EXISTS digest bytea;

CREATE TABLE IF NOT EXISTS ${schema}.store (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  xid_offset bigint NOT NULL
);
INSERT INTO ${schema}.store (xid_offset) VALUES (0) ON CONFLICT DO NOTHING;

-- After restoring a dump: continue above the highest existing position.
DO $restored$
DECLARE
  highest bigint := (SELECT max(position) >> 20 FROM ${schema}.event);
  next_xid bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
BEGIN
  UPDATE ${schema}.store SET xid_offset = highest - next_xid + 1 WHERE highest >= next_xid + xid_offset;
END $restored$;

-- p_stream_names .. p_counts have one element per stream, the others one per event, grouped by stream and sorted by
-- stream name so that concurrent calls cannot deadlock. A call that conflicts fails as a whole on event_of_stream and
-- is sent again; it then sees the events of the other writer.
CREATE OR REPLACE FUNCTION ${schema}.append(
  p_stream_names text[], p_expected bigint[], p_counts integer[],
  p_stream_of integer[], p_names text[], p_categories text[], p_revisions bigint[], p_ids uuid[], p_types text[],
  p_commands text[], p_metadata text[], p_data text[]
) RETURNS TABLE (ok boolean, revision bigint, "position" bigint) LANGUAGE plpgsql AS $append$
#variable_conflict use_column
DECLARE
  base bigint;
  actual bigint[];
  free boolean[];
BEGIN
  -- Before a transaction id is assigned: see horizon().
  PERFORM pg_advisory_xact_lock_shared(${LOCK_CLASS}, ${table}::regclass::oid::integer);

  SELECT array_agg(a.revision ORDER BY a.place), array_agg(a.revision = a.expected ORDER BY a.place)
  INTO actual, free
  FROM (
    SELECT s.place, s.expected, coalesce(
      (SELECT e.revision FROM ${schema}.event e WHERE e.stream_name = s.name ORDER BY e.revision DESC LIMIT 1), -1) AS revision
    FROM unnest(p_stream_names, p_expected) WITH ORDINALITY AS s (name, expected, place)
  ) a;

  IF true = ANY (free) THEN
    SELECT (pg_current_xact_id()::text::bigint + xid_offset) << 20 INTO base FROM ${schema}.store;
    INSERT INTO ${schema}.event (position, revision, event_id, category, stream_name, type, command_id, metadata, data)
    SELECT base + n.place, n.revision, n.id, n.category, n.name, n.type, n.command_id, n.metadata::json, n.data::json
    FROM unnest(p_stream_of, p_names, p_categories, p_revisions, p_ids, p_types, p_commands, p_metadata, p_data)
      WITH ORDINALITY AS n (stream, name, category, revision, id, type, command_id, metadata, data, place)
    WHERE free[n.stream];
  END IF;

  IF NOT false = ANY (free) THEN
    RETURN QUERY
    SELECT true, s.expected + s.count, base + sum(s.count) OVER (ORDER BY s.place)::bigint
    FROM unnest(p_expected, p_counts) WITH ORDINALITY AS s (expected, count, place) ORDER BY s.place;
    RETURN;
  END IF;

  -- A stream at another revision may already hold these events at these revisions: a repeated append.
  RETURN QUERY
  WITH held AS (
    SELECT n.stream, count(*) AS count, max(e.position) AS last
    FROM unnest(p_stream_of, p_names, p_revisions, p_ids) AS n (stream, name, revision, id)
    JOIN ${schema}.event e ON e.stream_name = n.name AND e.revision = n.revision AND e.event_id = n.id
    WHERE NOT free[n.stream]
    GROUP BY n.stream
  ), wanted AS (
    -- Positions count every event of the call, including those that were not written.
    SELECT s.*, sum(s.count) OVER (ORDER BY s.place)::bigint AS upto
    FROM unnest(p_expected, p_counts, free, actual) WITH ORDINALITY AS s (expected, count, free, actual, place)
  )
  SELECT w.free OR h.last IS NOT NULL,
    CASE WHEN w.free OR h.last IS NOT NULL THEN w.expected + w.count ELSE w.actual END,
    CASE WHEN w.free THEN base + w.upto ELSE h.last END
  FROM wanted w LEFT JOIN held h ON h.stream = w.place AND h.count = w.count
  ORDER BY w.place;
END $append$;

-- No event can appear below this position any more.
CREATE OR REPLACE FUNCTION ${schema}.horizon() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $horizon$
DECLARE
  seen pg_snapshot := pg_current_snapshot();
  ahead bigint := pg_snapshot_xmax(seen)::text::bigint;
  oldest bigint := pg_snapshot_xmin(seen)::text::bigint;
BEGIN
  IF oldest < ahead THEN
    WITH held AS MATERIALIZED (SELECT * FROM pg_locks WHERE locktype IN ('advisory', 'transactionid') AND granted),
    appending AS (
      SELECT x.transactionid, (ahead - x.transactionid::text::bigint) & 4294967295 AS ago
      FROM held a LEFT JOIN held x ON x.pid = a.pid AND x.locktype = 'transactionid' AND x.mode = 'ExclusiveLock'
      WHERE a.locktype = 'advisory' AND a.classid = ${LOCK_CLASS} AND a.objid = ${table}::regclass::oid AND a.objsubid = 2
        AND a.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
    )
    -- An append without an id may be getting one right now, so nothing above the oldest running transaction is final. A
    -- distance of more than half the 32-bit range means that it got its id after the snapshot.
    SELECT coalesce(min(CASE WHEN transactionid IS NULL THEN oldest WHEN ago < 2147483648 THEN ahead - ago ELSE ahead END), ahead)
    INTO oldest FROM appending;
  END IF;
  RETURN (oldest + (SELECT xid_offset FROM ${schema}.store)) << 20;
END $horizon$;

-- The horizon can move back while an append has no id yet. What was below it once remains final, so a reader passes the
-- highest final position it knows: read_all() returns everything that head() counted.
CREATE OR REPLACE FUNCTION ${schema}.read_all(p_categories text[], p_after bigint, p_limit integer, p_final bigint)
RETURNS SETOF ${schema}.event LANGUAGE plpgsql VOLATILE ROWS 1000 AS $read$
DECLARE
  horizon bigint := greatest(${schema}.horizon(), p_final + 1);
BEGIN
  RETURN QUERY SELECT * FROM ${schema}.event e
  WHERE e.position > p_after AND e.position < horizon AND e.category = ANY (p_categories) ORDER BY e.position LIMIT p_limit;
END $read$;

CREATE OR REPLACE FUNCTION ${schema}.head() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $head$
DECLARE
  horizon bigint := ${schema}.horizon();
BEGIN
  RETURN coalesce((SELECT e.position FROM ${schema}.event e WHERE e.position < horizon ORDER BY e.position DESC LIMIT 1), 0);
END $head$;
`;
