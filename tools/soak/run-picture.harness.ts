import { pictureOf, type Line, type Panel } from './picture.harness.js';
import type { ProcessSample, Sample } from './sampler.harness.js';
import type { Summary } from './soak.harness.js';

type Numbers = Extract<
  keyof Sample,
  | 'busLag'
  | 'projectionsBehind'
  | 'jobsWaiting'
  | 'dueRowsWaiting'
  | 'databaseMb'
  | 'topicsMb'
  | 'inFlight'
  | 'requestP50Ms'
  | 'requestP99Ms'
>;

/** The picture of a run: what each process takes, what waits, what grows, and how fast requests are answered. */
export function drawn(samples: readonly Sample[], { settings, faults, requests }: Summary): string {
  const names = [...new Set(samples.flatMap(({ processes }) => processes.map(({ name }) => name)))].sort();
  const services = names.filter((name) => name.includes('-service-'));
  const ofProcesses = (title: string, of: readonly string[], measure: keyof ProcessSample): Panel => ({
    title,
    lines: of.map((name) => ({
      name,
      points: samples.map(({ at, processes }) => [at, measured(processes, name, measure)]),
    })),
  });
  const ofAll = (title: string, measures: Readonly<Record<string, Numbers>>): Panel => ({
    title,
    lines: Object.entries(measures).map(([name, measure]): Line => ({
      name,
      points: samples.map((sample) => [sample.at, sample[measure]]),
    })),
  });
  const panels = [
    ofAll('Milliseconds of a request', { 'half of them': 'requestP50Ms', '99 of 100': 'requestP99Ms' }),
    ofAll('Requests in progress', { requests: 'inFlight' }),
    answersPanel(samples),
    ofProcesses('Memory of the services, MB', services, 'rssMb'),
    ofProcesses('Heap of the services, MB', services, 'heapMb'),
    ofProcesses(
      'Memory of the backends, MB',
      names.filter((name) => !services.includes(name)),
      'rssMb',
    ),
    ofProcesses('Open handles', names, 'handles'),
    ofProcesses('Delay of the event loop, 99 of 100, ms', services, 'eventLoopP99Ms'),
    ofAll('Waiting', {
      'messages on the bus': 'busLag',
      'events of projections': 'projectionsBehind',
      jobs: 'jobsWaiting',
      'due rows': 'dueRowsWaiting',
    }),
    ofAll('Size, MB', { PostgreSQL: 'databaseMb', topics: 'topicsMb' }),
  ];
  const title = `${requests.sent} requests, ${settings.perSecond} a second, ${faults.length} faults (red), seed ${settings.seed}`;
  const marks = faults.map(({ at, kind, target }) => ({ at, label: `${kind} ${target}` }));
  return pictureOf(title, panels, marks);
}

const measured = (processes: readonly ProcessSample[], name: string, measure: keyof ProcessSample): number | null => {
  const value = processes.find((each) => each.name === name)?.[measure];
  return typeof value === 'number' ? value : null;
};

/** Answers a second between two samples, by the class of their status. */
function answersPanel(samples: readonly Sample[]): Panel {
  const classes = { '2xx': /^2/, '4xx (refused)': /^4/, '5xx': /^5/, 'no answer': /^no/ };
  const total = ({ answers }: Sample, pattern: RegExp): number =>
    Object.entries(answers).reduce((sum, [name, count]) => sum + (pattern.test(name) ? count : 0), 0);
  return {
    title: 'Answers a second',
    lines: Object.entries(classes).map(([name, pattern]) => ({
      name,
      points: samples.slice(1).map((sample, index) => {
        const before = samples[index]!;
        return [sample.at, (total(sample, pattern) - total(before, pattern)) / Math.max(1, sample.at - before.at)];
      }),
    })),
  };
}
