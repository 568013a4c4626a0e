import { createLogger, createPool, Retention, RetentionMetrics } from '@allotree/platform';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { servicePolicies } from './retention-policies.js';
import { WholeSystem } from './whole-system.spec.js';

const DAYS = { AUDIT_RETENTION_DAYS: 30, HISTORY_RETENTION_DAYS: 30, MAIL_RETENTION_DAYS: 30 };

describe('the retention of the services', () => {
  let system: WholeSystem;
  let pool: pg.Pool;
  const warnings: string[] = [];
  let prune: () => Promise<void>;

  beforeAll(async () => {
    system = await WholeSystem.start();
    pool = createPool({ connectionString: system.databaseUrl, applicationName: 'spec' });
    const destination = { write: (line: string): void => void warnings.push(line) };
    const logger = createLogger({ service: 'spec', level: 'warn', destination });
    const retention = new Retention(pool, {} as never, new RetentionMetrics(new Registry(), pool), logger);
    prune = () => retention.prune(servicePolicies(DAYS));
  });
  afterAll(async () => {
    await pool.end();
    await system.stop();
  });

  const count = async (sql: string): Promise<number> =>
    Number((await pool.query<{ count: string }>(`SELECT count(*) AS count FROM ${sql}`)).rows[0]?.count);

  it('deletes what is older than it is kept, and nothing that is younger or on its way', async () => {
    await pool.query(`
      INSERT INTO groups.audit (at, actor, action, facts)
      SELECT now() - make_interval(days => age), 'spec', 'spec-' || age, '{}' FROM unnest(ARRAY[29, 31]) AS age`);
    await pool.query(`
      INSERT INTO notifications.outbox (outbox_id, message_id, sender, recipient, subject, html, text, mail_type, project_ids, sent_at)
      SELECT gen_random_uuid(), 'spec-' || age, 's', 'r', '', '', '', 'spec', '{}', now() - make_interval(days => age)
      FROM unnest(ARRAY[29, 31]) AS age`);
    await pool.query(`
      INSERT INTO notifications.mail (mail_id, key, message_id, mail_type, status, project_ids, created_at, not_before)
      SELECT gen_random_uuid(), status || age, status || age, 'spec', status, '{}', now() - make_interval(days => age), now() + interval '1 year'
      FROM unnest(ARRAY[29, 31]) AS age, unnest(ARRAY['sent', 'failed', 'dead']) AS status`);
    await prune();
    expect(warnings).toEqual([]);
    expect(await count("groups.audit WHERE action = 'spec-31'")).toBe(0);
    expect(await count("groups.audit WHERE action = 'spec-29'")).toBe(1);
    expect(await count("notifications.outbox WHERE message_id LIKE 'spec-%'")).toBe(1);
    const { rows } = await pool.query<{ key: string }>(
      "SELECT key FROM notifications.mail WHERE mail_type = 'spec' ORDER BY key",
    );
    expect(rows.map(({ key }) => key)).toEqual(['dead29', 'failed29', 'failed31', 'sent29']);
  });

  it('keeps the newest entry of the history about each thing', async () => {
    await pool.query("INSERT INTO licensing.project (project_id, tenant_id) VALUES ('p', 't') ON CONFLICT DO NOTHING");
    await pool.query(`
      INSERT INTO licensing.history_entry
        (project_id, position, ordinal, event_id, event_type, group_id, subject, at, recorded_at, actor, correlation_id, details)
      SELECT 'p', place, 0, 'e' || place, 'Spec', 'g', 'group:g' || place % 2, now(), now() - interval '31 days', 'spec', 'c', '{}'
      FROM generate_series(1, 6) AS place`);
    await prune();
    expect(warnings).toEqual([]);
    const { rows } = await pool.query<{ position: string }>(
      "SELECT position FROM licensing.history_entry WHERE project_id = 'p' ORDER BY position",
    );
    expect(rows.map(({ position }) => position)).toEqual(['5', '6']);
  });
});
