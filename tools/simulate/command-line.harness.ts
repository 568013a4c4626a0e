import { parseArgs } from 'node:util';
import { FLAWS, type Flaws } from './flaws.harness.js';
import { ALL_FAULTS, NO_FAULTS, type Faults } from './network.harness.js';
import { shrink } from './shrink.harness.js';
import { simulate, type Figures, type Report, type SimulationOptions } from './simulation.harness.js';

const USAGE = `npm run simulate -- [--seed S] [--commands N | --seconds T] [--faults all|none|KIND,KIND...] [--history N] [--flaw NAME]

  --seed      the first seed; each history takes the next one. Default: a fresh one
  --commands  how many commands in total. Default 20000
  --seconds   begins no further history after this time, whatever --commands says
  --faults    kinds of faults: ${Object.keys(ALL_FAULTS).join(', ')}
  --history   commands per history. Default 2000
  --flaw      builds a mistake into the simulated ports: ${Object.keys(FLAWS).join(', ')}
`;

interface Settings {
  readonly seed: number;
  readonly commands: number;
  readonly seconds: number;
  readonly perHistory: number;
  readonly faults: Faults;
  readonly flaws: Flaws;
}

function settingsOf(args: readonly string[]): Settings | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: text,
      commands: text,
      seconds: text,
      faults: text,
      history: text,
      flaw: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help) return null;
  const seconds = values.seconds === undefined ? Infinity : Number(values.seconds);
  return {
    seed: values.seed === undefined ? Math.floor(Math.random() * 1_000_000_000) : Number(values.seed),
    commands: values.commands === undefined ? (seconds === Infinity ? 20_000 : Infinity) : Number(values.commands),
    seconds,
    perHistory: Number(values.history ?? 2_000),
    faults: faultsOf(values.faults ?? 'all'),
    flaws: values.flaw === undefined ? {} : flawOf(values.flaw),
  };
}

function faultsOf(names: string): Faults {
  if (names === 'all') return ALL_FAULTS;
  if (names === 'none') return NO_FAULTS;
  const faults = { ...NO_FAULTS };
  for (const name of names.split(',') as (keyof Faults)[]) {
    if (!(name in ALL_FAULTS)) throw new Error(`unknown kind of fault ${name}\n\n${USAGE}`);
    faults[name] = ALL_FAULTS[name];
  }
  return faults;
}

function flawOf(name: string): Flaws {
  if (!(name in FLAWS)) throw new Error(`unknown flaw ${name}\n\n${USAGE}`);
  return FLAWS[name as keyof typeof FLAWS];
}

const argumentsFor = ({ seed, commands, faults, flaws }: SimulationOptions): string => {
  const kinds = Object.keys(faults).filter((kind) => faults[kind as keyof Faults] > 0);
  const flaw = Object.keys(FLAWS).find((name) => FLAWS[name as keyof typeof FLAWS] === flaws);
  const some = kinds.length === Object.keys(ALL_FAULTS).length ? 'all' : kinds.join(',') || 'none';
  const built = flaw === undefined ? '' : ` --flaw ${flaw}`;
  return `--seed ${seed} --commands ${commands} --history ${commands} --faults ${some}${built}`;
};

/** Adds up the figures of all histories. */
function sum(total: Figures, more: Figures): Figures {
  const entries = Object.entries(total).map(([name, value]) => [name, value + more[name as keyof Figures]] as const);
  return Object.fromEntries(entries) as unknown as Figures;
}

const shown = (figures: Figures): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${value as number}`)
    .join(', ');

async function explain(options: SimulationOptions, report: Report, print: (line: string) => void): Promise<void> {
  print(`VIOLATION with seed ${options.seed}: ${report.violation!.message}`);
  print(`again: npm run simulate -- ${argumentsFor(options)}`);
  print('looking for a smaller history that fails');
  const { options: smallest, report: found } = await shrink(options, report);
  print(found.violation!.history.join('\n'));
  print(`VIOLATION: ${found.violation!.message}`);
  print(`smallest: npm run simulate -- ${argumentsFor(smallest)}`);
}

/** Runs histories until there are enough, the time is over or one is violated. @returns the exit code */
export async function main(args: readonly string[], print: (line: string) => void): Promise<number> {
  const settings = settingsOf(args);
  if (settings === null) {
    print(USAGE);
    return 0;
  }
  const { seed, commands, seconds, perHistory, faults, flaws } = settings;
  print(`seed ${seed}`);
  const start = performance.now();
  const elapsed = (): number => (performance.now() - start) / 1_000;
  let total: Figures | null = null;
  let shownAt = 0;
  let histories = 0;
  for (let left = commands; left > 0 && elapsed() < seconds; left -= perHistory) {
    const options = { seed: seed + histories++, commands: Math.min(left, perHistory), faults, flaws };
    const report = await simulate(options);
    total = total === null ? report.figures : sum(total, report.figures);
    if (report.violation !== null) {
      print(`after ${total.commands} commands and ${elapsed().toFixed(1)} s:`);
      await explain(options, report, print);
      return 1;
    }
    if (elapsed() - shownAt < 10) continue;
    shownAt = elapsed();
    print(`${shownAt.toFixed(0)} s, ${histories} histories up to seed ${options.seed}: ${shown(total)}`);
  }
  if (total)
    print(`no violation in ${elapsed().toFixed(1)} s, ${histories} histories from seed ${seed}: ${shown(total)}`);
  return 0;
}
