import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import type pg from 'pg';
import { createPool, inTransaction } from '@allotree/basics';
import { hourAndDay, quotaTable, takeFromQuotas, type Quota } from './quotas.js';

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ connectionString: database.connectionString, applicationName: 'quotas' });
  await pool.query(`CREATE SCHEMA counted; ${quotaTable('counted')}`);
}, 60_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query('TRUNCATE counted.quota'));

const take = (number: number, quotas: readonly Quota[]) =>
  inTransaction(pool, (tx) =>
    takeFromQuotas(async (sql, values) => (await tx.query(sql, [...values])).rows, 'counted', {
      what: 'mails',
      number,
      quotas,
    }),
  );
const used = async () =>
  Object.fromEntries(
    (await pool.query('SELECT key, used FROM counted.quota')).rows.map(({ key, used }) => [key, used]),
  );

describe('a quota', () => {
  const quotas = [...hourAndDay('caller|ada', 3, 5), ...hourAndDay('tenant|nordlicht', 100, 100)];

  it('refuses what exceeds it, says when to retry, and counts nothing then', async () => {
    await take(2, quotas);
    const before = await used();
    await expect(take(2, quotas)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      detail: expect.stringMatching(/^Too many mails: at most 3 an hour/),
      facts: { limit: 3, periodSeconds: 3_600, retryAfterSeconds: expect.any(Number) },
    });
    expect(await used()).toEqual(before);
    await take(1, quotas);
    expect(await used()).toMatchObject({ 'caller|ada|hour': 3, 'tenant|nordlicht|day': 3 });
  });

  it('counts all callers of a tenant together', async () => {
    const ofTenant = (caller: string) => [...hourAndDay(caller, 3, 3), ...hourAndDay('tenant', 4, 4)];
    await take(3, ofTenant('ada'));
    await expect(take(2, ofTenant('kim'))).rejects.toMatchObject({ code: 'RATE_LIMITED', facts: { limit: 4 } });
    await take(1, ofTenant('kim'));
  });

  it('refuses at once what can never fit', async () => {
    await expect(take(4, quotas)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await used()).toEqual({});
  });

  it('starts again after its period, while the day goes on', async () => {
    await take(3, quotas);
    await pool.query("UPDATE counted.quota SET resets_at = now() - interval '1 second' WHERE key LIKE '%hour'");
    await take(2, quotas);
    await expect(take(1, quotas)).rejects.toMatchObject({ facts: { limit: 5, periodSeconds: 86_400 } });
  });

  it('does not exist where the limit is 0', async () => {
    await take(1_000_000, hourAndDay('caller|ada', 0, 0));
    expect(await used()).toEqual({});
  });

  it('lets exactly its limit through, however many requests come at once', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => take(1, quotas)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });
});
