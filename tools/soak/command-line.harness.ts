import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { soak, type Summary } from './soak.harness.js';

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Must be a number above 0.');
  return value;
};

interface Options {
  readonly hours: number;
  readonly rate: number;
  readonly seed: number;
  readonly sample: number;
  readonly faults: boolean;
  readonly results: string;
}

const program = (): Command =>
  new Command('npm run soak --')
    .description(
      'Runs a cluster under steady load, with faults during the first half; then waits until everything is processed, compares what was acknowledged with what is stored, and looks for leaks. Writes samples.jsonl, summary.json and soak.svg.',
    )
    .option('--hours <number>', 'how long there is load', positive, 1)
    .option('--rate <number>', 'requests per second', positive, 30)
    .option('--seed <number>', 'seed of load and faults', positive, Math.ceil(Math.random() * 1_000_000))
    .option('--sample <seconds>', 'seconds between two samples', positive, 15)
    .option('--no-faults', 'load alone')
    .option('--results <folder>', 'where the results are written', '.soak');

/** @returns the exit code: 0 where everything is right and nothing leaks */
export async function main(args: readonly string[], print: (line: string) => void): Promise<number> {
  const { hours, rate, seed, sample, faults, results } = program().parse(args, { from: 'user' }).opts<Options>();
  const dataDir = mkdtempSync(join(tmpdir(), 'allotree-soak-'));
  const say = (line: string): void => print(`${new Date().toISOString().slice(11, 19)} ${line}`);
  try {
    const summary = await soak(
      {
        seed,
        seconds: hours * 3_600,
        perSecond: rate,
        sampleSeconds: sample,
        withFaults: faults,
        dataDir,
        results: resolve(results),
      },
      say,
    );
    report(summary, print);
    if (summary.passed) rmSync(dataDir, { recursive: true, force: true });
    else print(`the logs are kept in ${dataDir}`);
    return summary.passed ? 0 : 1;
  } catch (error) {
    print(`the logs are kept in ${dataDir}`);
    throw error;
  }
}

function report(
  { answers, checks, trends, settledAfterSeconds, passed }: Summary,
  print: (line: string) => void,
): void {
  for (const [name, count] of Object.entries(answers)) print(`${String(count).padStart(8)} ${name}`);
  print(settledAfterSeconds === null ? 'NOT SETTLED' : `settled after ${settledAfterSeconds} s`);
  for (const { name, compared, faults } of checks) {
    print(`${faults.length === 0 ? 'ok   ' : 'FAULT'} ${name}: ${compared} compared`);
    for (const fault of faults.slice(0, 10)) print(`      ${fault}`);
  }
  for (const { name, measure, trend } of trends)
    if (trend !== null)
      print(
        `${trend.isLeak ? 'LEAK ' : 'ok   '} ${name} ${measure}: ${trend.perHour.toFixed(1)} an hour over ${Math.round((trend.until - trend.from) / 60)} min`,
      );
  print(passed ? 'passed' : 'FAILED');
}
