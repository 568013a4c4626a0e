/** The middle value; of an even number, the mean of the two in the middle. */
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
 * Runs the sides in turn, `rounds` times (A B A B ...), so that what disturbs the machine disturbs all of them.
 * `sides` maps a name to an async function that gives one figure. Returns the median of each side.
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
 * Keeps `callers` calls under way and counts those that were answered within `ms`, after `warmUpMs` that do not count.
 * `call(caller)` resolves to true where the command was accepted; a refusal or an exception counts as failed.
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
