import { resolve } from 'node:path';
import { describe } from '@jest/globals';

const NATIVE = resolve(import.meta.dirname, '../../../deploy/native');

/** A real server that a spec may stop, kill and start again on its data. */
export interface OwnServer {
  /** What a client is told: a URL, or `host:port`. */
  readonly address: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** It keeps its connections and answers nothing until `resume`. */
  pause(): void;
  resume(): void;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

type Recipes = Readonly<Record<string, (options?: object) => Promise<OwnServer>>>;

const started = async (file: string, start: string): Promise<OwnServer> => {
  const recipes = (await import(`${NATIVE}/${file}.mjs`)) as Recipes;
  return recipes[start]!();
};

export const startOwnKafka = (): Promise<OwnServer> => started('kafka', 'startKafka');
export const startOwnRedis = (): Promise<OwnServer> => started('redis', 'startRedis');

/**
 * Specs of a backend that not every machine has. Jest's global setup names it where it can be started; where it cannot, they
 * are skipped, but never in CI.
 *
 * @param variable `ALLOTREE_TEST_KAFKA_BROKERS`, `ALLOTREE_TEST_REDIS_URL`
 */
export function describeOn(variable: string, specs: (address: string) => void): void {
  const address = process.env[variable];
  if (address !== undefined && address !== '') specs(address);
  else if (process.env['CI'] === 'true') throw new Error(`${variable} is not set, and in CI every backend is tested`);
  else describe.skip(`skipped: ${process.env[`${variable}_MISSING`] ?? `${variable} is not set`}`, () => specs(''));
}
