import { setTimeout as sleep } from 'node:timers/promises';
import { settle, withDatabase } from '../database.mjs';
import { DAY, startExpiry } from '../expiry.mjs';
import { median, percentile } from '../measure.mjs';
import { row } from '../table.mjs';

const GROUPS = 10;
/** An open load: requests are sent at a fixed interval whether or not earlier ones completed, so that waiting shows. */
const EVERY_MS = 10;

/** Latency of assigning over HTTP during a tick and without one. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_tick_assign', async (connectionString) => {
    const service = await startExpiry({ databaseUrl: connectionString });
    const projects = quick ? 10 : 100;
    const due = projects * GROUPS;
    const places = await service.ask('prepare', { prefix: 'assign_', projects: 8, groups: 1, end: null });
    const callers = new Callers(service, places);
    const rounds = [];
    for (let round = 0; round <= (quick ? 1 : 5); round++) {
      const end = service.now + (round + 1) * DAY;
      await service.ask('prepare', { prefix: `r${round}_`, projects, groups: GROUPS, end });
      await service.ask('moveTo', { instant: end, alone: true });
      await settle(connectionString);
      await sleep(500);
      const { ms, quiet, during } = await measure(service, callers);
      progress(
        `round ${round}: a tick of ${due} took ${Math.round(ms)} ms; assigning p50 ${median(quiet).toFixed(1)} ms without, ${median(during).toFixed(1)} ms during (${during.length} requests)`,
      );
      // The first round is a warm-up.
      if (round > 0) rounds.push({ quiet, during });
    }
    await service.stop();
    const [quiet, during] = [rounds.flatMap((one) => one.quiet), rounds.flatMap((one) => one.during)];
    const ofRounds = (side) => median(rounds.map((one) => median(one[side])));
    const p95 = (latencies) => percentile(latencies, 0.95).toFixed(1);
    return [
      row({
        figure: `assign over HTTP while a tick of ${due.toLocaleString('en-US')} is under way, p50`,
        value: ofRounds('during'),
        unit: 'ms',
        peer: { name: 'without a tick', value: ofRounds('quiet') },
        target: { atMost: 2 },
        note: `p95 ${p95(during)} ms during, ${p95(quiet)} ms without; a request every ${EVERY_MS} ms, ${during.length} of them during ticks`,
      }),
    ];
  });

async function measure(service, callers) {
  callers.start();
  await sleep(1_000);
  const from = performance.now();
  const { ms } = await service.ask('tick');
  const to = performance.now();
  await sleep(1_000);
  const answered = await callers.stop();
  const overlaps = ({ sent, got }) => sent < to && got > from;
  return {
    ms,
    during: answered.filter(overlaps).map(({ sent, got }) => got - sent),
    // Events of a tick are still being published when it ends.
    quiet: answered.filter(({ got }) => got <= from).map(({ sent, got }) => got - sent),
  };
}

class Callers {
  constructor({ url, token }, places) {
    this.url = url;
    this.token = token;
    this.places = places;
  }

  start() {
    this.answered = [];
    this.underWay = new Set();
    let turn = 0;
    this.timer = setInterval(() => {
      const place = this.places[turn++ % this.places.length];
      const request = this.assign(place).finally(() => this.underWay.delete(request));
      this.underWay.add(request);
    }, EVERY_MS);
  }

  async stop() {
    clearInterval(this.timer);
    await Promise.all(this.underWay);
    return this.answered;
  }

  async assign(place) {
    const sent = performance.now();
    const response = await fetch(`${this.url}/api/v1/projects/${place}/groups/${place}_g1/assignments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ resource: 'sip_number' }),
    });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    await response.text();
    this.answered.push({ sent, got: performance.now() });
  }
}
