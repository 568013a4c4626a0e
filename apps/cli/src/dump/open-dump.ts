import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { openCustomDump } from './custom-dump.js';
import { openDirectoryDump } from './directory-dump.js';
import { damaged, DumpFault, tarFormat, type Dump } from './dump.js';
import { openPlainDump } from './plain-dump.js';
import { MAGIC } from './table-of-contents.js';

const GZIP = Buffer.from([0x1f, 0x8b]);
const TAR_MAGIC_AT = 257;

/** The SHA-256 that `sha256sum F > F.sha256` wrote beside a file; `null`: there is none. */
async function recordedDigest(path: string): Promise<string | null> {
  const text = await readFile(`${path}.sha256`, 'utf8').catch(() => null);
  if (text === null) return null;
  const [, digest] = /^\\?([0-9a-f]{64})\b/i.exec(text) ?? [];
  if (digest === undefined) throw new DumpFault(`${path}.sha256 has no SHA-256 as sha256sum writes it.`);
  return digest.toLowerCase();
}

/** @returns whether a SHA-256 beside the file was found and matches @throws DumpFault where it does not */
async function matchesDigest(path: string): Promise<boolean> {
  const expected = await recordedDigest(path);
  if (expected === null) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  if (hash.digest('hex') !== expected) throw damaged(`its SHA-256 is not that in ${basename(path)}.sha256`);
  return true;
}

export interface OpenedDump extends Dump {
  /** Whether its SHA-256 was compared with the file beside it. */
  readonly digestMatches: boolean;
  close(): Promise<void>;
}

/** Opens a dump of `pg_dump` and reads it to its end, so that one that is cut off or damaged is refused first. @throws DumpFault */
export async function openDump(path: string): Promise<OpenedDump> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new DumpFault(`${path} cannot be read (${error.code}).`);
  });
  if (found.isDirectory())
    return { ...(await openDirectoryDump(path)), digestMatches: false, close: async () => undefined };
  if (found.size === 0) throw new DumpFault('the file is empty: it is not a dump.');
  const digestMatches = await matchesDigest(path);
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new DumpFault(`${path} cannot be read (${error.code}).`);
  });
  try {
    const dump = await openFile(file, path, found.size);
    return { ...dump, digestMatches, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openFile(file: FileHandle, path: string, size: number): Promise<Dump> {
  const head = Buffer.alloc(512);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const begins = head.subarray(0, bytesRead);
  if (begins.subarray(0, MAGIC.length).toString('latin1') === MAGIC) return openCustomDump(file, size);
  if (begins.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + 5).toString('latin1') === 'ustar') throw tarFormat();
  return openPlainDump(path, begins.subarray(0, 2).equals(GZIP));
}
