/** The median; of an even number of values, the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

export const percentile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
};

/**
 * Runs the sides alternately for `rounds` rounds (A B A B ...), so that disturbances affect all of them. `sides` maps a
 * name to an async function that returns one figure. Returns the median of each side.
 */
export async function interleave(rounds, sides, progress) {
  const figures = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, measure] of Object.entries(sides)) {
      const figure = await measure(round);
      figures[name].push(figure);
      progress(`round ${round}/${rounds} ${name}: ${readable(figure)}`);
    }
  }
  return Object.fromEntries(Object.entries(figures).map(([name, all]) => [name, median(all)]));
}

/**
 * Keeps `callers` calls in progress and counts those that complete within `ms`, after an uncounted warm-up of
 * `warmUpMs`. `call(caller)` resolves to true if the command was accepted; a refusal or an exception counts as failed.
 */
export async function throughput({ callers, warmUpMs, ms, call }) {
  const start = performance.now();
  const from = start + warmUpMs;
  const until = from + ms;
  let accepted = 0;
  let failed = 0;
  const latencies = [];
  const caller = async (number) => {
    for (let before = performance.now(); before < until;) {
      const ok = await call(number).catch(() => false);
      const now = performance.now();
      if (now >= from && now < until) {
        if (ok) accepted++;
        else failed++;
        latencies.push(now - before);
      }
      before = now;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  return {
    perSecond: (accepted * 1000) / ms,
    accepted,
    failed,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

export async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

export const readable = (figure) =>
  figure >= 100 ? Math.round(figure).toLocaleString('en-US') : String(Number(figure.toPrecision(3)));
