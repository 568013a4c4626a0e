import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runBuilt, workbench, type RunningSystem } from '@allotree/testing/running-system';

const MINUTES = 60_000;

describe('npm run demo -- --billing', () => {
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
    'bills two months with a late correction, and the example consumers compute the same',
    async () => {
      const { code, output } = await run('demo', ['--billing']);
      expect(code === 0 ? '' : output).toBe('');
      // 90 numbers for the whole month, 20 more for its second half.
      expect(output).toMatch(/usage {2}sip_number {2}10\d\.\d{6} {2}\d+\.\d\d EUR/);
      expect(output).toMatch(/usage {2}sip_number {2}110\.000000 {2}165\.00 EUR/);
      expect(output).toMatch(/correction {2}sip_number {2}-2\.000000 {2}-3\.00 EUR/);
      const compared = [...output.matchAll(/the consumer in (\w+), .*, as the statement/g)].map(([, name]) => name);
      expect(compared.filter((name) => name === 'TypeScript')).toHaveLength(6);
      // Absent only where Python is.
      if (process.env['CI'] === 'true' || !output.includes('the consumer in Python: skipped'))
        expect(compared.filter((name) => name === 'Python')).toHaveLength(6);
      const verified = await run('cli', ['statements', 'verify', '--recompute']);
      expect([verified.code, verified.output]).toEqual([0, expect.stringContaining('0 accounts with faults')]);
    },
    3 * MINUTES,
  );
});
