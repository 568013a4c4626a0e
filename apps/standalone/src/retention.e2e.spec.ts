import { createLogger, createPool } from '@allotree/basics';
import { Retention, RetentionMetrics } from '@allotree/jobs';
import { sharedPolicies } from '@allotree/service';
import { LICENSING_TOPIC } from '@allotree/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { fill } from './filled-tables.fixture.js';
import { servicePolicies } from './retention-policies.js';
import { WholeSystem } from './whole-system.harness.js';

/** A table of 20,000 rows has 120 and more, and a step that deletes reads at most 2,000 rows. */
const FEW_PAGES = 60;
const DAYS = {
  AUDIT_RETENTION_DAYS: 30,
  HISTORY_RETENTION_DAYS: 30,
  MAIL_RETENTION_DAYS: 30,
  WEBHOOK_RETENTION_DAYS: 30,
};

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

  it('deletes what accounts need no more, and a session with all its refresh tokens', async () => {
    const ages = 'now() - make_interval(days => CASE WHEN n > 2000 THEN 1 ELSE 8 END)';
    await fill(pool, 'groups.session', 2_001, { expires_at: ages, session_id: "'old ' || n" });
    await fill(pool, 'groups.refresh_token', 4_001, { session_id: "'old ' || least(1 + n / 2, 2001)" });
    await fill(pool, 'groups.registration', 2_001, { expires_at: ages });
    await fill(pool, 'groups.password_reset', 2_001, {
      expires_at: 'now() + make_interval(days => n - 2001, secs => 60)',
    });
    await fill(pool, 'groups.attempt', 2_001, { forgotten_at: 'now() + make_interval(days => n - 2001, secs => 60)' });
    await fill(pool, 'groups.known_network', 2_001, { used_at: 'now() - make_interval(days => 80 + 11 * (n % 2))' });
    await prune();
    expect(warnings).toEqual([]);
    const left = await Promise.all(
      ['session', 'refresh_token', 'registration', 'password_reset', 'attempt', 'known_network'].map(
        async (table) => [table, await count(`groups.${table}`)] as const,
      ),
    );
    expect(Object.fromEntries(left)).toEqual({
      session: 1,
      refresh_token: 2,
      registration: 1,
      password_reset: 1,
      attempt: 1,
      known_network: 1_000,
    });
  });

  it('finds by an index that nothing is old, and does not read the table', async () => {
    const ROWS = 20_000;
    await pool.query("INSERT INTO licensing.project (project_id, tenant_id) VALUES ('young', 't')");
    const young = "now() + interval '1 day'";
    await fill(pool, 'groups.audit', ROWS);
    await fill(pool, 'groups.invitation', ROWS, { expires_at: young });
    await fill(pool, 'groups.session', ROWS, { expires_at: young, session_id: "'young ' || n" });
    await fill(pool, 'groups.refresh_token', ROWS, {
      session_id: "'young ' || n",
      token_hash: "sha256(('young ' || n)::bytea)",
    });
    await fill(pool, 'groups.registration', ROWS, { expires_at: young, registration_id: "'young ' || n" });
    await fill(pool, 'groups.password_reset', ROWS, {
      expires_at: young,
      token_hash: "sha256(('young ' || n)::bytea)",
    });
    await fill(pool, 'groups.known_network', ROWS, { user_id: "'young ' || n" });
    await fill(pool, 'groups.attempt', ROWS, { forgotten_at: young, key: "'young ' || n" });
    await fill(pool, 'licensing.history_entry', ROWS, { project_id: "'young'", event_id: "'young ' || n" });
    await fill(pool, 'licensing.license_group', ROWS, { project_id: "'young'" });
    await fill(pool, 'notifications.mail', ROWS, { status: "'sent'", key: "'young ' || n" });
    await fill(pool, 'notifications.notice', ROWS, {
      state: "'addressed'",
      job: "jsonb_build_object('tenantId', 't')",
    });
    await fill(pool, 'notifications.outbox', ROWS);
    await fill(pool, 'http.idempotent_request', ROWS);
    // No consumer of the running system takes them for events.
    const payload = `'{"onlyfor": "spec"}'`;
    await fill(pool, 'bus.message', ROWS, { topic: `'${LICENSING_TOPIC}'`, id: "'young ' || n", payload });
    await pool.query('VACUUM ANALYZE');
    const policies = [...servicePolicies(DAYS), ...sharedPolicies({ BUS_RETENTION_DAYS: 30 } as never)];
    for (const { table, days, sql } of policies) {
      const ages = [days === 'expired' ? 0 : days, 2_000];
      const { rows } = await pool.query<{ 'QUERY PLAN': readonly [{ Plan: Record<string, number> }] }>(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`,
        ages,
      );
      const plan = rows[0]?.['QUERY PLAN'][0].Plan ?? {};
      const pages = (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
      expect({ table, sql, pages, isFew: pages < FEW_PAGES }).toEqual({ table, sql, pages, isFew: true });
    }
  });
});
