import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** The database of one spec file. */
export interface TestDatabase {
  readonly connectionString: string;
  readonly name: string;
  /** Drops the database, closing all connections to it. */
  drop(): Promise<void>;
}

/**
 * Creates an empty database on the PostgreSQL of the test run (`ALLOTREE_TEST_DATABASE_URL`, set by Jest's global setup
 * of the `int` and `e2e` projects). Call it in `beforeAll` and `drop()` it in `afterAll`, after everything is closed.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['ALLOTREE_TEST_DATABASE_URL'];
  if (!server) throw new Error('ALLOTREE_TEST_DATABASE_URL is not set: only int and e2e specs have a database');
  const name = `test_${randomBytes(8).toString('hex')}`;
  // Copying the files takes half of the processor time of writing each page to the log, which is the default.
  await onServer(server, `CREATE DATABASE ${name} STRATEGY FILE_COPY`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { connectionString: url.href, name, drop: () => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function onServer(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
