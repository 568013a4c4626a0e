import pg from 'pg';

const TABLE = `
  CREATE TABLE bare_events (
    position  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream    text   NOT NULL,
    revision  bigint NOT NULL,
    event_id  uuid   NOT NULL,
    type      text   NOT NULL,
    data      jsonb  NOT NULL,
    metadata  jsonb  NOT NULL,
    UNIQUE (stream, revision)
  )`;

const INSERT = {
  name: 'bare-insert',
  text: `
    INSERT INTO bare_events (stream, revision, event_id, type, data, metadata)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::jsonb[], $6::jsonb[])`,
};

/**
 * The minimum work of an event store: one set-based insert per batch with a unique stream and revision, but no check of
 * the expected revision and no responses. `batches` are those of the command runtime.
 */
export async function openBareInsert(connectionString) {
  const pool = new pg.Pool({ connectionString });
  await pool.query(TABLE);
  return {
    /** Inserts the batches in order, `underWay` at a time, each in its own transaction. */
    async insert(batches, underWay) {
      let next = 0;
      const worker = async () => {
        while (next < batches.length) await pool.query({ ...INSERT, values: columnsOf(batches[next++]) });
      };
      await Promise.all(Array.from({ length: underWay }, worker));
    },
    close: () => pool.end(),
  };
}

function columnsOf(batch) {
  const column = (value) => batch.map(value);
  return [
    column(({ stream }) => stream),
    column(({ revision }) => revision),
    column(({ eventId }) => eventId),
    column(({ type }) => type),
    column(({ data }) => JSON.stringify(data)),
    column(({ commandId, metadata }) => JSON.stringify({ commandId, ...metadata })),
  ];
}
