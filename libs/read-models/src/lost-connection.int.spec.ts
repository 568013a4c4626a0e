import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transientProblem } from '@allotree/http';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import pg from 'pg';
import { DataSource } from 'typeorm';

const PID = 'SELECT pg_backend_pid() AS pid';

describe('a connection that is lost between two statements of a transaction', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.connectionString });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const terminate = (pid: number) => pool.query('SELECT pg_terminate_backend($1)', [pid]);
  const problemOf = (work: Promise<unknown>) =>
    work.then(
      () => 'it worked',
      (error: unknown) => transientProblem(error)?.code ?? error,
    );

  it('is 503 from TypeORM', async () => {
    const dataSource = await new DataSource({ type: 'postgres', url: database.connectionString }).initialize();
    const work = dataSource.transaction(async (tx) => {
      const [row]: { pid: number }[] = await tx.query(PID);
      await terminate(row!.pid);
      while (!tx.queryRunner!.isReleased) await setImmediate();
      await tx.query('SELECT 1');
    });
    expect(await problemOf(work)).toBe('UNAVAILABLE');
    const ending = dataSource.transaction(async (tx) => {
      const [row]: { pid: number }[] = await tx.query(PID);
      await terminate(row!.pid);
      while (!tx.queryRunner!.isReleased) await setImmediate();
    });
    expect(await problemOf(ending)).toBe('UNAVAILABLE');
    await dataSource.destroy();
  });

  it('is 503 from the driver', async () => {
    const client = await pool.connect();
    // Two events say that it is lost: one with the words of the server, one when the connection ends.
    client.on('error', () => undefined);
    const { rows } = await client.query<{ pid: number }>(PID);
    const lost = once(client, 'error');
    await terminate(rows[0]!.pid);
    await lost;
    expect(await problemOf(client.query('SELECT 1'))).toBe('UNAVAILABLE');
    client.release(true);
  });
});
