import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, startEmbeddedPostgres } from '@allotree/embedded-postgres';
import { DumpFault } from './dump.js';

const PREFIX = 'allotree-backup-check-';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Of an empty server with its log of changes. */
const SERVER_BYTES = 400_000_000;
/** Rows, their indexes and the log of changes, for each byte of rows in the dump. */
const BYTES_PER_BYTE = 4;
const MEBIBYTE = 1_048_576;

/** Folders of checks that were killed. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function requireSpace(parent: string, bytes: number): Promise<void> {
  const needed = SERVER_BYTES + bytes * BYTES_PER_BYTE;
  const { bavail, bsize } = await statfs(parent);
  const free = bavail * bsize;
  if (free < needed)
    throw new DumpFault(
      `restoring it takes about ${Math.ceil(needed / MEBIBYTE)} MiB, and ${Math.floor(free / MEBIBYTE)} MiB are free in ${parent}. Free space, or name another folder with --temp-dir.`,
    );
}

export interface ThrowawayOptions {
  /** The folder in which the database is created; default: that of temporary files. */
  readonly parent?: string;
  /** Bytes of rows that it is to hold. */
  readonly bytes: number;
}

/** Runs work on an empty embedded PostgreSQL, and removes it afterwards: also when the work fails, or this process is interrupted. */
export async function onThrowawayDatabase<Result>(
  { parent = tmpdir(), bytes }: ThrowawayOptions,
  work: (connectionString: string) => Promise<Result>,
): Promise<Result> {
  await removeLeftovers(parent).catch((error: NodeJS.ErrnoException) => {
    throw new DumpFault(`the folder ${parent} cannot be used (${error.code}). Name another one with --temp-dir.`);
  });
  await requireSpace(parent, bytes);
  const folder = await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
  const starting = startEmbeddedPostgres({ dataDir: folder, durable: false });
  const clear = async (): Promise<void> => {
    await starting.then(
      (server) => server.stop(),
      () => undefined,
    );
    await rm(folder, { recursive: true, force: true });
  };
  const interrupted = (signal: NodeJS.Signals): void => {
    process.stderr.write(`${signal}: removing ${folder}\n`);
    const end = (): never => process.exit(128 + constants.signals[signal]);
    clear().then(end, end);
  };
  for (const signal of SIGNALS) process.once(signal, interrupted);
  try {
    return await work((await starting).connectionString);
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, interrupted);
    await clear();
  }
}
