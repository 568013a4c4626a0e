import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runBuilt, workbench, type RunningSystem } from '@allotree/testing/running-system';
import pg from 'pg';

const MINUTES = 60_000;

describe('npm run demo -- --past', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  let system: RunningSystem;
  beforeAll(async () => {
    bench = await workbench();
    system = await bench.start({ TEST_CLOCK: '1' });
  }, 2 * MINUTES);
  afterAll(async () => {
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

      const granted = await run('sql-access', ['grant', '--all-tenants', '--days', '1']);
      const shown = (pattern: RegExp): string => pattern.exec(granted.output)![1]!;
      const client = new pg.Client({
        host: shown(/host=(\S+)/),
        port: Number(shown(/port=(\d+)/)),
        database: shown(/dbname=(\S+)/),
        user: shown(/Login: +(\S+)/),
        password: shown(/Password: +(\S+)/),
      });
      await client.connect();
      const [quota, usage] = [...output.matchAll(/SELECT .*;/g)].map(([statement]) => statement);
      const { rows: quotas } = await client.query<{ resource: string }>(quota!);
      expect(quotas.find(({ resource }) => resource === 'mobile_app')).toMatchObject({ in_force: 25, available: '0' });
      const { rows: windows } = await client.query<{ peak: number }>(usage!);
      expect(Math.max(...windows.map(({ peak }) => peak))).toBe(110);
      await client.end();
    },
    3 * MINUTES,
  );
});
