import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { grantedLogin, runBuilt, workbench, type RunningSystem } from '@allotree/testing/running-system';
import type pg from 'pg';
import { choicesOf, dashboards, expanded, metricsOf, statementsOf } from './dashboards.harness.js';

const MINUTES = 60_000;
const DAY_MS = 86_400_000;

describe('npm run demo -- --past', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  let system: RunningSystem;
  let client: pg.Client;
  beforeAll(async () => {
    bench = await workbench();
    system = await bench.start({ TEST_CLOCK: '1' });
  }, 2 * MINUTES);
  afterAll(async () => {
    await client.end();
    await system.terminate();
    await bench.clear();
  }, 2 * MINUTES);

  const run = (program: string, args: readonly string[]) => runBuilt(program, args, { DATA_DIR: bench.dataDir }).ended;

  it(
    'plays seven months, and answers questions about them over HTTP and in SQL alike',
    async () => {
      const { code, output } = await run('demo', ['--past']);
      expect([code, output]).toEqual([0, expect.any(String)]);
      expect(output).toContain('refused: LIMIT_EXCEEDED: 1 asked for, 0 available, limited by Building A 60');
      expect(output).toContain('mobile apps: 25 in use, limit 40, 0 free');
      expect(output).toMatch(/> Building A: 60 of 60, set by \S+ on \d{4}-\d{2}-\d{2}/);
      expect(output).toContain('to change it: raise Building A by 1 mobile app');
      expect(output).toContain('resources.mobile_app.available: 0 -> 9');
      const peaks = [...output.matchAll(/peak (\d+) \(first/g)].map(([, peak]) => Number(peak));
      expect([peaks[0], Math.max(...peaks), peaks.length]).toEqual([90, 110, expect.any(Number)]);

      client = await grantedLogin(bench.dataDir);
      const [quota, usage] = [...output.matchAll(/SELECT .*;/g)].map(([statement]) => statement);
      const { rows: quotas } = await client.query<{ resource: string }>(quota!);
      expect(quotas.find(({ resource }) => resource === 'mobile_app')).toMatchObject({ in_force: 25, available: '0' });
      const { rows: windows } = await client.query<{ peak: number }>(usage!);
      expect(Math.max(...windows.map(({ peak }) => peak))).toBe(110);
    },
    3 * MINUTES,
  );

  it.each(dashboards().filter((each) => statementsOf(each).length > 0))(
    'fills every panel of the dashboard "$title"',
    async (dashboard) => {
      const choices = await choicesOf(client, dashboard);
      const [{ begun }] = (await client.query<{ begun: Date }>('SELECT min(at) AS begun FROM events')).rows as [
        { begun: Date },
      ];
      const ends = [30, 120, 214].map((days) => new Date(begun.getTime() + days * DAY_MS));
      for (const [title, statement] of statementsOf(dashboard)) {
        let rows = 0;
        for (const choice of choices)
          for (const to of ends)
            rows += (await client.query(expanded(statement, { from: begun, to }, choice))).rows.length;
        expect([title, rows]).not.toEqual([title, 0]);
      }
    },
    MINUTES,
  );

  it('reports every metric of the dashboards', async () => {
    const names = dashboards().flatMap(metricsOf);
    const metrics = await (await fetch(`${system.url}/metrics`)).text();
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !metrics.includes(`# TYPE ${name} `))).toEqual([]);
  });
});
