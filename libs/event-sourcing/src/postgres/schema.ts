import pg from 'pg';

/**
 * The tables and functions of the store. Why the order of the store is what it is:
 *
 * An identity column is assigned at insert and visible at commit, so a reader that goes by it skips what commits late.
 * Here the position of an event is `transaction id << 20 | place in the transaction`, and a reader stops at the *horizon*:
 * the lowest transaction id that may still be appending. Below it everything is committed or rolled back, and every
 * later append gets a higher id; so what is read once is complete for ever, whatever order transactions commit in.
 *
 * The horizon takes only appends into account. Each append holds a shared advisory lock from before it has a
 * transaction id until it ends; `horizon()` first takes a snapshot, then looks who holds that lock, and the rows are read with
 * a newer snapshot. Who had an id below the first snapshot's end and no longer holds the lock has ended and is
 * visible. Long transactions of others (a rebuild, a migration, another database) therefore do not delay
 * subscriptions. An append left open does, until it ends; the store itself sends an append as one statement.
 *
 * 2^43 transactions fit, 270 years at a thousand a second. A dump restored into a fresh server starts with low transaction
 * ids again: `xid_offset` lifts them above what is there when the store is opened.
 */
export async function createSchema(pool: pg.Pool, schema: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    // Two processes that start together must not create the same things at once.
    await client.query("SELECT pg_advisory_xact_lock(hashtext('allotree.events'), hashtext($1))", [schema]);
    await client.query(
      definitions(pg.escapeIdentifier(schema), pg.escapeLiteral(`${pg.escapeIdentifier(schema)}.event`)),
    );
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

-- A restored dump: go on above the highest position there is.
DO $restored$
DECLARE
  highest bigint := (SELECT max(position) >> 20 FROM ${schema}.event);
  next_xid bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
BEGIN
  UPDATE ${schema}.store SET xid_offset = highest - next_xid + 1 WHERE highest >= next_xid + xid_offset;
END $restored$;

-- One stream a row in p_stream_names .. p_counts; one event a row in the others, stream after stream, sorted by stream
-- name so that two calls never wait for each other crosswise. A call that loses a race fails on event_of_stream as a whole
-- and is sent again; then it sees the winner's events.
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
  -- Before there is a transaction id: see horizon().
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

  -- A stream that was not free may hold these very events in this very place already: a repeat.
  RETURN QUERY
  WITH held AS (
    SELECT n.stream, count(*) AS count, max(e.position) AS last
    FROM unnest(p_stream_of, p_names, p_revisions, p_ids) AS n (stream, name, revision, id)
    JOIN ${schema}.event e ON e.stream_name = n.name AND e.revision = n.revision AND e.event_id = n.id
    WHERE NOT free[n.stream]
    GROUP BY n.stream
  ), wanted AS (
    -- Positions count every event of the call, those not written too.
    SELECT s.*, sum(s.count) OVER (ORDER BY s.place)::bigint AS upto
    FROM unnest(p_expected, p_counts, free, actual) WITH ORDINALITY AS s (expected, count, free, actual, place)
  )
  SELECT w.free OR h.last IS NOT NULL,
    CASE WHEN w.free OR h.last IS NOT NULL THEN w.expected + w.count ELSE w.actual END,
    CASE WHEN w.free THEN base + w.upto ELSE h.last END
  FROM wanted w LEFT JOIN held h ON h.stream = w.place AND h.count = w.count
  ORDER BY w.place;
END $append$;

-- Positions below it are final.
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
    -- An append without an id yet may be just getting one: nothing above the oldest running transaction is final then.
    -- Half the range of 32 bits ahead means: got its id after the snapshot.
    SELECT coalesce(min(CASE WHEN transactionid IS NULL THEN oldest WHEN ago < 2147483648 THEN ahead - ago ELSE ahead END), ahead)
    INTO oldest FROM appending;
  END IF;
  RETURN (oldest + (SELECT xid_offset FROM ${schema}.store)) << 20;
END $horizon$;

-- The horizon can step back while an append has no id yet. What was below it once is final all the same, so a reader says
-- up to which position it was told so: what head() counted, read_all() gives.
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
