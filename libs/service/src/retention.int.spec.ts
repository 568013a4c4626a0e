import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { deadLetterTopic, GROUPS_TOPIC, LICENSING_TOPIC } from '@allotree/contracts';
import { busEvent, createTestDatabase, type TestDatabase } from '@allotree/testing';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { BusMetrics, fileLetter, PostgresBus } from '@allotree/bus';
import { createLogger, createPool } from '@allotree/basics';
import { RetentionMetrics, Retention } from '@allotree/jobs';
import type { ServiceConfiguration } from './configuration.js';
import { sharedPolicies } from './shared-policies.js';

describe('retention', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let bus: PostgresBus;
  let retention: Retention;
  let registry: Registry;
  const every = jest.fn(() => Promise.resolve());

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool({ connectionString: database.connectionString, applicationName: 'spec' });
    bus = new PostgresBus(pool, new BusMetrics(new Registry()));
    registry = new Registry();
    const logger = createLogger({ service: 'spec', level: 'silent' });
    retention = new Retention(pool, { every } as never, new RetentionMetrics(registry, pool), logger);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const policies = sharedPolicies({ BUS_RETENTION_DAYS: 30 } as ServiceConfiguration);
  const idsOn = async (topic: string): Promise<string[]> => {
    const sql = 'SELECT id FROM bus.message WHERE topic = $1 ORDER BY position';
    return (await pool.query<{ id: string }>(sql, [topic])).rows.map(({ id }) => id);
  };
  const age = (days: number, ids: readonly string[]) =>
    pool.query('UPDATE bus.message SET published_at = now() - make_interval(days => $1) WHERE id = ANY ($2)', [
      days,
      ids,
    ]);

  it('deletes old licensing events that every group has read, and keeps those of groups', async () => {
    await bus.publish(
      LICENSING_TOPIC,
      ['e1', 'e2', 'e3', 'e4'].map((id) => busEvent('hafenblick', id)),
    );
    await bus.publish(GROUPS_TOPIC, [busEvent('hafenblick', 'g1')]);
    await age(31, ['e1', 'e2', 'e3', 'g1']);
    await pool.query(
      `INSERT INTO bus.consumer_offset (group_id, topic, position)
       SELECT reader, $1, position FROM bus.message, unnest(ARRAY['billing', 'reports']) AS reader
       WHERE id = CASE reader WHEN 'billing' THEN 'e2' ELSE 'e4' END`,
      [LICENSING_TOPIC],
    );
    await retention.prune(policies);
    // e3 is old, but billing has not read it; e4 is young.
    expect(await idsOn(LICENSING_TOPIC)).toEqual(['e3', 'e4']);
    expect(await idsOn(GROUPS_TOPIC)).toEqual(['g1']);
    expect(await bus.lag('billing', LICENSING_TOPIC)).toEqual([{ partition: 0, lag: 2 }]);
  });

  it('keeps a dead letter until it was replayed and is old', async () => {
    const letter = (position: string) => ({
      groupId: 'billing',
      topic: LICENSING_TOPIC,
      position,
      key: 'k',
      payload: {},
    });
    const failure = { error: 'no invoice', attempts: 8, time: '2026-01-01T00:00:00.000Z' };
    for (const position of ['1', '2']) await fileLetter(pool, letter(position), failure);
    const note = [deadLetterTopic(LICENSING_TOPIC), ['k'], ['replayed: billing/1'], ['{}']];
    await pool.query('SELECT bus.publish($1, $2, $3, $4)', note);
    await age(31, ['billing/1', 'billing/2', 'replayed: billing/1']);
    await retention.prune(policies);
    await retention.prune(policies);
    expect(await idsOn(deadLetterTopic(LICENSING_TOPIC))).toEqual(['billing/2']);
  });

  it('deletes in steps until nothing old is left, and counts what it deleted', async () => {
    await pool.query('CREATE TABLE old AS SELECT generate_series(1, 5001) AS n');
    const sql = 'DELETE FROM old WHERE $1::int > 0 AND n IN (SELECT n FROM old ORDER BY n LIMIT $2)';
    const query = jest.spyOn(pool, 'query');
    await retention.prune([{ table: 'public.old', days: 1, sql }]);
    const steps = (query.mock.calls as unknown as [string, unknown][]).filter(([text]) => text === sql);
    query.mockRestore();
    expect(steps).toHaveLength(3);
    expect(await registry.metrics()).toContain('retention_deleted_rows_total{table="public.old"} 5001');
    expect(await registry.metrics()).toMatch(/table_bytes\{table="bus\.message"\} \d+/);
  });

  it('continues with the other tables when one fails or does not exist, and leaves those kept forever alone', async () => {
    await pool.query('CREATE TABLE last AS SELECT 1 AS n');
    await retention.prune([
      { table: 'bus.message', days: 1, sql: 'DELETE FROM nowhere WHERE $1 = $2' },
      { table: 'nowhere.at_all', days: 1, sql: 'DELETE FROM nowhere.at_all WHERE $1 = $2' },
      { table: 'public.last', days: 1, sql: 'DELETE FROM last WHERE $1::int > 0 AND $2::int > 0' },
    ]);
    expect((await pool.query('SELECT FROM last')).rowCount).toBe(0);
    await retention.keep('specs', [{ table: 'public.last', days: 0, sql: 'DELETE FROM last' }]);
    expect(every).not.toHaveBeenCalled();
  });
});
