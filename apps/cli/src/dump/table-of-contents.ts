import type { ByteReader } from './byte-reader.js';
import { damaged, DumpFault, tarFormat } from './dump.js';

/** An entry of an archive: an object with its SQL, or the rows of a table. */
export interface Entry {
  readonly dumpId: number;
  readonly hasData: boolean;
  readonly name: string;
  readonly type: string;
  readonly schema: string | null;
  readonly sql: string;
  readonly copy: string | null;
  /** In the custom format: where its data begin; `null`: not recorded, or none. */
  readonly offset: number | null;
  /** In the directory format: the file of its data. */
  readonly file: string | null;
}

export interface TableOfContents {
  readonly compression: 'none' | 'gzip';
  readonly serverVersion: string;
  readonly dumpVersion: string;
  readonly entries: readonly Entry[];
}

export const MAGIC = 'PGDMP';
/** Of the byte in the head; the directory format says that it is one of tar. */
const FORMATS = { custom: 1, directory: 3 } as const;
/** From PostgreSQL 12 to 18. */
const OLDEST_MINOR = 14;
const NEWEST_MINOR = 16;
const OFFSET_IS_SET = 2;
const MOST_ENTRIES = 1_000_000;
const ALGORITHMS = ['none', 'gzip', 'lz4', 'zstd'];

export const labelOf = ({ type, schema, name }: Pick<Entry, 'type' | 'schema' | 'name'>): string =>
  `${type} ${schema === null || schema === '' ? '' : `${schema}.`}${name}`;

/** Reads the head and the table of contents of an archive. @throws DumpFault */
export function readTableOfContents(reader: ByteReader, format: keyof typeof FORMATS): TableOfContents {
  const minor = readVersion(reader);
  reader.intBytes = sizeWithin(reader, [4, 8]);
  reader.offsetBytes = sizeWithin(reader, [4, 8]);
  const kind = reader.byte('its head');
  if (kind !== FORMATS[format])
    throw kind === FORMATS.directory ? tarFormat() : new DumpFault(`the dump has an unknown format (${kind}).`);
  const compression = readCompression(reader, minor);
  for (let field = 0; field < 7; field += 1) reader.int('its date');
  reader.text('the name of its database');
  const serverVersion = reader.text('the version of its server') ?? '';
  const dumpVersion = reader.text('the version of pg_dump') ?? '';
  const count = reader.int('the number of its entries');
  if (count < 0 || count > MOST_ENTRIES) throw damaged(`it counts ${count} entries`);
  const entries: Entry[] = [];
  while (entries.length < count) entries.push(readEntry(reader, minor, format));
  return { compression, serverVersion, dumpVersion, entries };
}

function readVersion(reader: ByteReader): number {
  if (reader.bytes(MAGIC.length, 'its head').toString('latin1') !== MAGIC)
    throw new DumpFault('the file is not an archive of pg_dump.');
  const [major, minor, revision] = reader.bytes(3, 'its head');
  if (major !== 1 || minor! < OLDEST_MINOR || minor! > NEWEST_MINOR)
    throw new DumpFault(
      `the dump has version ${major}.${minor}-${revision} of the archive format. This check reads 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}, as pg_dump 12 to 18 write them.`,
    );
  return minor!;
}

function sizeWithin(reader: ByteReader, known: readonly number[]): number {
  const size = reader.byte('its head');
  if (!known.includes(size)) throw damaged(`its head names numbers of ${size} bytes`);
  return size;
}

function readCompression(reader: ByteReader, minor: number): 'none' | 'gzip' {
  if (minor < 15) return reader.int('its head') === 0 ? 'none' : 'gzip';
  const algorithm = ALGORITHMS[reader.byte('its head')];
  if (algorithm === 'none' || algorithm === 'gzip') return algorithm;
  if (algorithm === undefined) throw damaged('its head names an unknown compression');
  throw new DumpFault(
    `the dump is compressed with ${algorithm}, which this check does not read. Dump again with --compress=gzip, the default.`,
  );
}

function readEntry(reader: ByteReader, minor: number, format: keyof typeof FORMATS): Entry {
  const dumpId = reader.int('its table of contents');
  const text = (): string | null => reader.text(`entry ${dumpId} of its table of contents`);
  const hasData = reader.int('its table of contents') !== 0;
  text(); // The oid of its catalog
  text(); // Its own oid
  const name = text() ?? '';
  const type = text() ?? '';
  reader.int('its table of contents'); // Its section
  const sql = text() ?? '';
  text(); // The SQL that drops it
  const copy = text();
  const schema = text();
  text(); // Its tablespace
  text(); // Its access method
  if (minor >= 16) reader.int('its table of contents'); // The kind of its relation
  text(); // Its owner
  text(); // Whether it has oids
  while (text() !== null); // What it depends on
  const offset = format === 'custom' ? readOffset(reader) : null;
  const file = format === 'directory' ? text() : null;
  return { dumpId, hasData, name, type, schema, sql, copy: copy === '' ? null : copy, offset, file };
}

function readOffset(reader: ByteReader): number | null {
  const bytes = reader.bytes(1 + reader.offsetBytes, 'its table of contents');
  const [state] = bytes;
  if (state! < 1 || state! > 3) throw damaged(`a position in its table of contents is invalid`);
  return state === OFFSET_IS_SET ? Number(bytes.subarray(1).readBigUInt64LE()) : null;
}
