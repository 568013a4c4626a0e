import { NO_FAULTS, type Faults } from './network.harness.js';
import { simulate, type Report, type SimulationOptions } from './simulation.harness.js';

export interface Shrunk {
  readonly options: SimulationOptions;
  readonly report: Report;
}

/** Shorter histories of the same seed with fewer kinds of faults that still end in a violation, the smallest last. */
export async function shrink(options: SimulationOptions, report: Report): Promise<Shrunk> {
  let smallest: Shrunk = { options: { ...options, commands: report.figures.commands }, report };
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const smaller of smallerThan(smallest.options)) {
      const found = await simulate(smaller);
      if (found.violation === null) continue;
      smallest = { options: { ...smaller, commands: found.figures.commands }, report: found };
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

function* smallerThan(options: SimulationOptions): Generator<SimulationOptions> {
  const { commands, faults } = options;
  if (Object.values(faults).some((probability) => probability > 0)) yield { ...options, faults: NO_FAULTS };
  for (const kind of Object.keys(faults) as (keyof Faults)[])
    if (faults[kind] > 0) yield { ...options, faults: { ...faults, [kind]: 0 } };
  for (const part of [2, 1.2]) {
    const fewer = Math.floor(commands / part);
    if (fewer > 0 && fewer < commands) yield { ...options, commands: fewer };
  }
}
