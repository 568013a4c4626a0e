import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';

const SCHEMA = `
  CREATE SCHEMA plain;
  CREATE TABLE plain.node (
    group_id text    PRIMARY KEY,
    path     text[]  NOT NULL,
    capacity integer,
    used     integer NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50);
  CREATE TABLE plain.assignment (
    assignment_id uuid PRIMARY KEY,
    group_id      text NOT NULL REFERENCES plain.node,
    resource      text NOT NULL,
    label         text,
    assigned_at   timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE plain.event (
    position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type        text   NOT NULL,
    data        jsonb  NOT NULL,
    actor       text   NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE plain.outbox (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic   text  NOT NULL,
    payload jsonb NOT NULL
  );
  CREATE FUNCTION plain.assign(at_group text, new_id uuid, new_resource text, new_label text, by_actor text)
  RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE
    way     text[];
    counted integer;
    fact    jsonb := jsonb_build_object('assignmentId', new_id, 'groupId', at_group, 'resource', new_resource, 'label', new_label);
  BEGIN
    SELECT path INTO way FROM plain.node WHERE group_id = at_group;
    IF NOT FOUND THEN RETURN false; END IF;
    -- The root first, so that concurrent calls cannot deadlock.
    PERFORM 1 FROM plain.node WHERE group_id = way[1] FOR UPDATE;
    UPDATE plain.node SET used = used + 1 WHERE group_id = ANY (way) AND (capacity IS NULL OR used < capacity);
    GET DIAGNOSTICS counted = ROW_COUNT;
    IF counted < cardinality(way) THEN RAISE EXCEPTION 'LIMIT_EXCEEDED' USING ERRCODE = 'P0001'; END IF;
    INSERT INTO plain.assignment (assignment_id, group_id, resource, label) VALUES (new_id, at_group, new_resource, new_label);
    INSERT INTO plain.event (type, data, actor) VALUES ('AssignmentMade', fact, by_actor);
    INSERT INTO plain.outbox (topic, payload) VALUES ('licensing.events.v1', fact);
    RETURN true;
  END $$;
`;

const CAPACITY = 10_000_000;

/**
 * A service as a shop would write it instead: NestJS on Fastify with one PL/pgSQL function per command and counters in the rows of the
 * groups. It compares its token with a constant and has no request log, metrics, rate limits or security headers. A route
 * `/bare` does nothing at all.
 *
 * @param {number} projects each with eight apartments, as deep as those of `placesToAssign`
 */
export async function startPlainService(connectionString, projects) {
  const places = await createTrees(connectionString, projects);
  const child = fork(join(import.meta.dirname, 'plain-service-process.mjs'), [], { stdio: ['ignore', 2, 2, 'ipc'] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the plain service exited with ${code}`);
  });
  ended.catch(() => undefined);
  const token = 'bench';
  child.send({ databaseUrl: connectionString, token });
  const [{ url }] = await Promise.race([once(child, 'message'), ended]);
  return {
    url,
    token,
    places,
    async stop() {
      child.send('stop');
      await ended.catch(() => undefined);
    },
  };
}

/** Project, building, unit, two floors of four apartments. */
async function createTrees(connectionString, projects) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(SCHEMA);
  const places = [];
  const insert = (path, capacity = null) =>
    client.query('INSERT INTO plain.node (group_id, path, capacity) VALUES ($1, $2, $3)', [
      path.at(-1),
      path,
      capacity,
    ]);
  for (let n = 1; n <= projects; n++) {
    const project = `p${n}`;
    const above = [project, `${project}-b`, `${project}-u`];
    for (let depth = 1; depth <= above.length; depth++)
      await insert(above.slice(0, depth), depth === 1 ? CAPACITY : null);
    for (const floor of [`${project}-f1`, `${project}-f2`]) {
      await insert([...above, floor]);
      for (let apartment = 1; apartment <= 4; apartment++) {
        const groupId = `${floor}-${apartment}`;
        await insert([...above, floor, groupId]);
        places.push({ path: `/api/v1/projects/${project}/groups/${groupId}` });
      }
    }
  }
  await client.end();
  return places;
}
