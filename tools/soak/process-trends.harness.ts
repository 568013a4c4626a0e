import { trendOf, type Tolerance, type Trend } from './leaks.harness.js';
import type { ProcessSample, Sample } from './sampler.harness.js';

type Measure = 'rssMb' | 'heapMb' | 'handles';

/** One life of a process: from its start to its kill. */
export interface ProcessTrend {
  readonly name: string;
  readonly pid: number;
  readonly measure: Measure;
  /** `null`: it lived too shortly. */
  readonly trend: Trend | null;
}

const TOLERANCES: Readonly<Record<Measure, Tolerance>> = {
  rssMb: { growth: 40, share: 0.2 },
  heapMb: { growth: 15, share: 0.2 },
  handles: { growth: 20, share: 0.2 },
};

/** Backends keep data in memory up to bounds of their own; of them only handles are judged. */
const MEASURES_OF_A_BACKEND: readonly Measure[] = ['handles'];
const MEASURES_OF_A_SERVICE: readonly Measure[] = ['rssMb', 'heapMb', 'handles'];

function measuresOf(name: string): readonly Measure[] {
  if (name.includes('-service-')) return MEASURES_OF_A_SERVICE;
  // Each connection keeps the files of the tables that it has used open; connections that leak are handles of a service.
  return name === 'postgres' ? [] : MEASURES_OF_A_BACKEND;
}

/** The trends of the life of each process that lasted to the end. */
export function leaksOf(samples: readonly Sample[]): ProcessTrend[] {
  const last = samples.at(-1)?.processes ?? [];
  return last.flatMap(({ name, pid }) =>
    measuresOf(name).map((measure) => ({
      name,
      pid,
      measure,
      trend: trendOf(readingsOf(samples, pid, measure), TOLERANCES[measure]),
    })),
  );
}

const readingsOf = (samples: readonly Sample[], pid: number, measure: Measure) =>
  samples.flatMap(({ at, processes }) => {
    const value = valueOf(processes, pid, measure);
    return value === null ? [] : [{ at, value }];
  });

const valueOf = (processes: readonly ProcessSample[], pid: number, measure: Measure): number | null =>
  processes.find((each) => each.pid === pid)?.[measure] ?? null;
