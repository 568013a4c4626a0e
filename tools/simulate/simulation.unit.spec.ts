import { describe, expect, it } from '@jest/globals';
import { main } from './command-line.harness.js';
import { FLAWS } from './flaws.harness.js';
import { ALL_FAULTS } from './network.harness.js';
import { simulate } from './simulation.harness.js';

/** Seeds of histories that once ended in a violation. */
const ONCE_FAILED = [2, 23, 24];

describe('a simulated history', () => {
  it('is the same, byte for byte, for the same seed, and another for another', async () => {
    const [first, second, other] = [7, 7, 8].map((seed) => ({ seed, commands: 200, faults: ALL_FAULTS }));
    const reports = [await simulate(first!), await simulate(second!), await simulate(other!)];
    expect(reports.map(({ violation }) => violation)).toEqual([null, null, null]);
    expect(reports[0]).toEqual(reports[1]);
    expect(reports[2]!.digest).not.toBe(reports[0]!.digest);
  });

  it('leaves the clocks, timers and randomness of the process as they were', async () => {
    const before = [setTimeout, setImmediate, Date, Math.random, performance.now];
    await simulate({ seed: 1, commands: 20, faults: ALL_FAULTS });
    expect([setTimeout, setImmediate, Date, Math.random, performance.now]).toEqual(before);
    expect(Math.abs(Date.now() - new Date().getTime())).toBeLessThan(60_000);
  });

  it.each(ONCE_FAILED)('of seed %i does not fail any more', async (seed) => {
    const { violation } = await simulate({ seed, commands: 300, faults: ALL_FAULTS });
    expect(violation).toBeNull();
  });
});

describe('a mistake in a port', () => {
  it.each(['answersBeforeAppend', 'sendsTwice', 'skipsHorizon'] as const)('%s is found', async (flaw) => {
    let violation = null;
    for (let seed = 1; seed <= 4 && violation === null; seed++)
      ({ violation } = await simulate({ seed, commands: 300, faults: ALL_FAULTS, flaws: FLAWS[flaw] }));
    expect(violation).not.toBeNull();
  });

  it('that loses messages of the bus is found when the period that they belong to is closed', async () => {
    const isBilledWrong = / of period \S+ is billed as .*, closed with /;
    let message = '';
    for (let seed = 9; seed <= 12 && !isBilledWrong.test(message); seed++) {
      const flaws = FLAWS.losesMessages;
      const { violation } = await simulate({ seed, commands: 600, faults: ALL_FAULTS, flaws });
      message = violation?.message ?? '';
    }
    expect(message).toMatch(isBilledWrong);
  });

  it('is shown by the smallest history that is found, with the arguments that repeat it', async () => {
    const lines: string[] = [];
    const args = ['--seed', '1', '--commands', '600', '--history', '600', '--flaw', 'answersBeforeAppend'];
    expect(await main(args, (line) => lines.push(line))).toBe(1);
    expect(lines.at(-1)).toMatch(
      /^smallest: npm run simulate -- --seed 1 --commands \d+ --history \d+ --faults [\w,]+ --flaw \w+$/,
    );
  });
});
