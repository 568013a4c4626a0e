import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { StartError } from '@allotree/basics/start-error';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { claimGeneration, GENERATION } from './generation.js';
import { openReadModels } from './read-models.js';

const SCHEMA = 'things';
let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const open = (): Promise<DataSource> =>
  openReadModels({ type: 'postgres', url: database.connectionString, schema: SCHEMA, migrations: [] });
const comment = async (): Promise<unknown> => {
  const { rows } = await client.query("SELECT obj_description($1::regnamespace, 'pg_namespace') AS comment", [SCHEMA]);
  return (rows[0] as { comment: unknown }).comment;
};

it('opens the data of its own and earlier generations, and marks them as its own', async () => {
  await (await open()).destroy();
  expect(await comment()).toBe(`Allotree data of generation ${GENERATION}`);
  await claimGeneration(client, SCHEMA, GENERATION);
  expect(await comment()).toBe(`Allotree data of generation ${GENERATION}`);
  await claimGeneration(client, SCHEMA, GENERATION + 1);
  expect(await comment()).toBe(`Allotree data of generation ${GENERATION + 1}`);
});

it('refuses to open the data of a later generation, changes nothing and says what to do', async () => {
  await claimGeneration(client, SCHEMA, GENERATION + 1);
  await expect(open()).rejects.toThrow(
    new StartError(
      'the data in the schema things was written by a newer version that this one cannot follow. Start that version, or restore the backup made before the upgrade.',
    ),
  );
  expect(await comment()).toBe(`Allotree data of generation ${GENERATION + 1}`);
  const { rows } = await client.query(
    'SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  expect(rows).toEqual([]);
});

it('leaves a schema alone that somebody else owns', async () => {
  await client.query('CREATE SCHEMA given; CREATE ROLE generation_guest; SET ROLE generation_guest');
  try {
    await claimGeneration(client, 'given');
  } finally {
    await client.query('RESET ROLE; DROP ROLE generation_guest');
  }
  const { rows } = await client.query("SELECT obj_description('given'::regnamespace, 'pg_namespace') AS comment");
  expect(rows).toEqual([{ comment: null }]);
});
