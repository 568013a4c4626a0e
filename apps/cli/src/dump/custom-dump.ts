import type { FileHandle } from 'node:fs/promises';
import { createInflate } from 'node:zlib';
import { Readable } from 'node:stream';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { inOrderOfRestore, readThrough, stepOf } from './archive-steps.js';
import { ByteReader } from './byte-reader.js';
import { cutOff, damaged, DumpFault, withoutEndMark, type Dump } from './dump.js';
import { labelOf, readTableOfContents, type Entry, type TableOfContents } from './table-of-contents.js';

const ROWS = 1;
/** As `pg_restore` sets them: functions name tables that come after them. */
const SETTINGS = 'SET check_function_bodies = false; SET xmloption = content; SET row_security = off';

/** The chunks of the data of an entry, as they are in the file. */
interface DataBlock {
  readonly chunks: readonly (readonly [from: number, bytes: number])[];
  readonly bytes: number;
}

/** Walks from block to block to the end of the file. @throws DumpFault where one is missing, or is no block of an entry */
async function blocksOf(reader: ByteReader, entries: readonly Entry[]): Promise<ReadonlyMap<number, DataBlock>> {
  const expected = new Map(entries.filter(({ hasData }) => hasData).map((entry) => [entry.dumpId, entry]));
  const blocks = new Map<number, DataBlock>();
  while (!reader.isAtEnd) {
    const start = reader.position;
    const kind = reader.byte('the head of its data');
    const dumpId = reader.int('the head of its data');
    const entry = expected.get(dumpId);
    if (entry === undefined || blocks.has(dumpId)) throw damaged(`byte ${start} begins no data of its entries`);
    if (kind !== ROWS) throw new DumpFault('the dump has large objects, which Allotree does not use.');
    if (entry.offset !== null && entry.offset !== start)
      throw damaged(`the data of ${labelOf(entry)} are at byte ${start}, not at ${entry.offset}`);
    blocks.set(dumpId, await readBlock(reader, labelOf(entry)));
  }
  const missing = [...expected.values()].find(({ dumpId }) => !blocks.has(dumpId));
  if (missing !== undefined) throw cutOff(`it ends before ${labelOf(missing)}`);
  return blocks;
}

async function readBlock(reader: ByteReader, about: string): Promise<DataBlock> {
  const chunks: (readonly [number, number])[] = [];
  let bytes = 0;
  for (;;) {
    const length = reader.int(about);
    if (length === 0) return { chunks, bytes };
    if (length < 0) throw damaged(`a part of ${about} has ${length} bytes`);
    if (reader.position + length > reader.size) throw cutOff(`it ends within ${about}`);
    chunks.push([reader.position, length]);
    bytes += length;
    reader.seek(reader.position + length);
    if (chunks.length % 1_000 === 0) await othersTurn();
  }
}

async function* raw(file: FileHandle, { chunks }: DataBlock): AsyncIterable<Buffer> {
  for (const [from, length] of chunks) {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, from);
    if (bytesRead < length) throw cutOff('the file became shorter while it was read');
    yield buffer;
  }
}

async function* inflated(file: FileHandle, block: DataBlock, about: string): AsyncIterable<Buffer> {
  const inflate = createInflate();
  const source = Readable.from(raw(file, block));
  source.on('error', (error) => inflate.destroy(error));
  source.pipe(inflate);
  try {
    for await (const chunk of inflate) yield chunk as Buffer;
  } catch (error) {
    if (error instanceof DumpFault) throw error;
    throw damaged(`the rows of ${about} do not match their checksum (${(error as Error).message})`);
  }
  if (inflate.bytesWritten !== block.bytes) throw damaged(`the rows of ${about} have bytes after their end`);
}

/** Reads a dump of the custom format, with all of its rows. @throws DumpFault */
export async function openCustomDump(file: FileHandle, size: number): Promise<Dump> {
  const reader = new ByteReader(file, size);
  const contents = readTableOfContents(reader, 'custom');
  const blocks = await blocksOf(reader, contents.entries);
  const rows = (entry: Entry): AsyncIterable<Buffer> => {
    const about = labelOf(entry);
    const block = blocks.get(entry.dumpId);
    if (block === undefined) throw damaged(`it has no rows of ${about}`);
    const chunks = contents.compression === 'gzip' ? inflated(file, block, about) : raw(file, block);
    return withoutEndMark(chunks, about);
  };
  return dumpOf('custom', contents, rows);
}

/** @param rows the rows of an entry, without their end mark */
export async function dumpOf(
  format: 'custom' | 'directory',
  contents: TableOfContents,
  rows: (entry: Entry) => AsyncIterable<Buffer>,
): Promise<Dump> {
  const steps = inOrderOfRestore(contents.entries)
    .map((entry) => stepOf(entry, rows))
    .filter((step) => step !== null);
  let bytes = 0;
  for (const step of steps) if (step.kind === 'rows') bytes += await readThrough(step.rows());
  const { serverVersion, dumpVersion, compression } = contents;
  return {
    format,
    serverVersion,
    dumpVersion,
    bytes,
    checksums: compression === 'gzip',
    async *steps() {
      yield { kind: 'sql', about: 'the settings of the session', sql: SETTINGS };
      yield* steps;
    },
  };
}
