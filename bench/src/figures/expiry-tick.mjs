import { settle, withDatabase } from '../database.mjs';
import { DAY, startExpiry } from '../expiry.mjs';
import { interleave } from '../measure.mjs';
import { row } from '../table.mjs';

const GROUPS = 10;

/** Cost of a tick in which the same number of allotments end, with many and with few others scheduled for later. */
export const run = ({ server, quick, progress }) => {
  const projects = quick ? 10 : 100;
  const [many, few] = quick ? [100_000, 10_000] : [1_000_000, 10_000];
  const due = projects * GROUPS;
  return withDatabase(server, 'bench_tick_many', (manyUrl) =>
    withDatabase(server, 'bench_tick_few', async (fewUrl) => {
      const sides = {
        [count(many)]: await open(manyUrl, many, progress),
        [count(few)]: await open(fewUrl, few, progress),
      };
      const tick = (name) => async (round) => {
        const { service, connectionString } = sides[name];
        // The end has passed when preparation is done, so that the limit ends immediately.
        const prefix = `r${(sides[name].round += 1)}_`;
        const end = service.now + sides[name].round * DAY;
        await service.ask('prepare', { prefix, projects, groups: GROUPS, end });
        await settle(connectionString);
        await service.ask('moveTo', { instant: end, alone: true });
        const { settled, ms } = await service.ask('tick');
        if (settled !== due) throw new Error(`${settled} rows were due instead of ${due}`);
        if (round === 1) progress(`${name} scheduled: ${settled} due`);
        return ms;
      };
      const measured = Object.fromEntries(Object.keys(sides).map((name) => [name, tick(name)]));
      await interleave(1, measured, (line) => progress(`warm-up, ${line}`));
      const median = await interleave(quick ? 1 : 5, measured, progress);
      for (const { service } of Object.values(sides)) await service.stop();
      return [
        row({
          figure: `a tick, ${count(due)} allotments end, ${count(many)} scheduled`,
          value: median[count(many)],
          unit: 'ms',
          peer: { name: `with ${count(few)} scheduled`, value: median[count(few)] },
          target: { atMost: 2 },
          note: `${count(projects)} projects take effect, one command each; ${(median[count(many)] / due).toFixed(2)} ms an allotment`,
        }),
      ];
    }),
  );
};

async function open(connectionString, scheduled, progress) {
  const service = await startExpiry({ databaseUrl: connectionString });
  await service.ask('schedule', { count: scheduled });
  progress(`${count(scheduled)} rows scheduled`);
  return { service, connectionString, round: 0 };
}

const count = (number) => number.toLocaleString('en-US');
