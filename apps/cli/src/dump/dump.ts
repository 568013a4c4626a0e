import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** One step of restoring a dump, in the order of the dump. */
export type DumpStep =
  | { readonly kind: 'sql'; readonly about: string; readonly sql: string }
  | {
      readonly kind: 'rows';
      readonly about: string;
      readonly statement: string;
      readonly rows: () => AsyncIterable<Buffer>;
    };

/** A dump that was read to its end without a fault. */
export interface Dump {
  readonly format: 'custom' | 'directory' | 'plain';
  /** As PostgreSQL writes it, such as `18.4`. */
  readonly serverVersion: string;
  readonly dumpVersion: string;
  /** Bytes that the rows take uncompressed. */
  readonly bytes: number;
  /** Whether the rows have checksums (zlib, gzip), so that a changed byte in them is found. */
  readonly checksums: boolean;
  steps(): AsyncIterable<DumpStep>;
}

/** The dump cannot be restored; the message says why, and what to do. */
export class DumpFault extends Error {
  override readonly name = 'DumpFault';
}

export const cutOff = (where: string): DumpFault =>
  new DumpFault(`the dump is cut off: ${where}. Copy it again, or use an earlier one.`);

export const damaged = (where: string): DumpFault =>
  new DumpFault(`the dump is damaged: ${where}. Copy it again, or use an earlier one.`);

/** Rows of `COPY` end with this in every dump, compressed or not. */
const END_OF_ROWS = Buffer.from('\\.\n\n\n');

/** The rows before the end mark. @throws DumpFault where it is missing */
export async function* withoutEndMark(chunks: AsyncIterable<Buffer>, about: string): AsyncIterable<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const all = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const keep = Math.max(0, all.length - END_OF_ROWS.length);
    if (keep > 0) yield all.subarray(0, keep);
    held = all.subarray(keep);
  }
  if (!held.equals(END_OF_ROWS)) throw cutOff(`the rows of ${about} do not end with their end mark`);
}

/** The bytes of a file, unpacked where it is compressed with gzip. */
export function bytesOf(path: string, compressed: boolean): Readable {
  const source = createReadStream(path);
  if (!compressed) return source;
  const unpacked = source.pipe(createGunzip());
  source.on('error', (error) => unpacked.destroy(error));
  return unpacked;
}

/** The tar format of `pg_dump` is not read. */
export const tarFormat = (): DumpFault =>
  new DumpFault('the dump has the tar format. Dump again with --format=custom or --format=directory.');
