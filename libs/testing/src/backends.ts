import { resolve } from 'node:path';
import { describe } from '@jest/globals';

const NATIVE = resolve(import.meta.dirname, '../../../deploy/native');

/** A real server that a spec can stop, kill and restart on its data. */
export interface OwnServer {
  /** The address for clients: a URL, or `host:port`. */
  readonly address: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Keeps its connections open but does not respond until `resume`. */
  pause(): void;
  resume(): void;
  /** Stops the server and deletes its data. */
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
 * Specs of a backend that is not installed everywhere. The global setup of Jest sets its address if it can be started;
 * otherwise the specs are skipped, except in CI, where they fail.
 *
 * @param variable `ALLOTREE_TEST_KAFKA_BROKERS`, `ALLOTREE_TEST_REDIS_URL`
 */
export function describeOn(variable: string, specs: (address: string) => void): void {
  const address = process.env[variable];
  if (address !== undefined && address !== '') specs(address);
  else if (process.env['CI'] === 'true') throw new Error(`${variable} is not set, but CI requires every backend`);
  else describe.skip(`skipped: ${process.env[`${variable}_MISSING`] ?? `${variable} is not set`}`, () => specs(''));
}
