import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runBuilt, workbench, type Ended, type RunningSystem } from '@allotree/testing/running-system';

const MINUTES = 60_000;

describe('npm run demo -- --expiry', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  let system: RunningSystem;
  beforeAll(async () => {
    bench = await workbench();
  }, MINUTES);
  afterAll(() => bench.clear(), 2 * MINUTES);

  const demo = (): Promise<Ended> => runBuilt('demo', ['--expiry'], { DATA_DIR: bench.dataDir }).ended;

  it(
    'says how to start a system whose clock can be moved, where it meets one that keeps real time',
    async () => {
      system = await bench.start();
      const { code, output } = await demo();
      expect(code).toBe(1);
      expect(output).toContain('TEST_CLOCK=1 DATA_DIR=.data-expiry PORT=8081 npm start');
      const answer = await system.api.ask({
        method: 'PUT',
        path: '/test-clock',
        body: { now: '2030-01-01T00:00:00Z' },
      });
      expect(answer).toMatchObject({ ok: false, problem: { status: 404 } });
      await system.terminate();
    },
    2 * MINUTES,
  );

  it(
    'plays reminders, expiry, suspension, extension, reinstatement and the fallback, with the mails',
    async () => {
      system = await bench.start({ TEST_CLOCK: '1' });
      const { code, output } = await demo();
      expect(code).toBe(0);
      const mails = [...output.matchAll(/mail to ([\w.]+)@hafenblick\.example: Hafenblick: (.*)$/gm)];
      expect(mails.map(([, who, what]) => `${who}: ${what}`)).toEqual([
        'tom.falk: licenses end in 30 days',
        'tom.falk: licenses end in 7 days',
        'tom.falk: licenses end in 3 days',
        'tom.falk: licenses have ended',
        'tom.falk: licenses work again',
        'mia.winter: licenses end in 14 days',
        expect.stringMatching(/: licenses end in 7 days$/),
        expect.stringMatching(/: licenses end in 7 days$/),
        'tom.falk: licenses end in 3 days',
        expect.stringMatching(/: licenses have ended$/),
        expect.stringMatching(/: licenses have ended$/),
      ]);
      expect(output).toContain('Building A: 80 virtual numbers work, 0 are suspended');
      expect(output).toContain('Building A: 0 virtual numbers work, 80 are suspended');
      expect(output).toContain('Building B: 10 virtual numbers work, 0 are suspended');
      expect(output).toContain('extended Building A / Unit 2: Building A: 80 virtual numbers work, 0 are suspended');
      expect(output).toContain('Building B: 6 virtual numbers work, 4 are suspended');
      expect(output).toMatch(/│ Hafenblick +│ active +│ 6 of 6, 0 free, 84 suspended/);
      expect(output).toContain('11 mails in all; each went out once.');
      expect(await readdir(join(bench.dataDir, 'mails'))).toHaveLength(11);
    },
    4 * MINUTES,
  );

  it.each([
    [{ now: '2020-01-01T00:00:00Z' }, /must not lie before 20\d\d/],
    [{ now: '2030-01-01' }, /date and time/],
    [{ now: '9999-12-31T00:00:00Z' }, /before the year 9999/],
    [{ now: 1_900_000_000_000 }, /now/],
    [{}, /now/],
    [{ now: '2030-01-01T00:00:00Z', zone: 'UTC' }, /zone/],
  ])('does not move the clock to %j', async (body, reason) => {
    const before = await system.api.get<{ now: string }>('/test-clock');
    const answer = await system.api.ask({ method: 'PUT', path: '/test-clock', body });
    expect(answer).toMatchObject({ ok: false, problem: { status: 400, code: 'VALIDATION' } });
    expect(JSON.stringify(answer)).toMatch(reason);
    const after = await system.api.get<{ now: string }>('/test-clock');
    expect(Date.parse(after.now) - Date.parse(before.now)).toBeLessThan(MINUTES);
  });
});
