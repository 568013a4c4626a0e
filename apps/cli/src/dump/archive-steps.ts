import { DumpFault, type DumpStep } from './dump.js';
import { labelOf, type Entry } from './table-of-contents.js';

/** Entries about the database itself, and large objects. */
const NOT_RESTORED = new Set(['DATABASE', 'DATABASE PROPERTIES', 'BLOB', 'BLOB METADATA']);
/** In passes of their own, as `pg_restore` does: rights, then what would act while rows are loaded. */
const LAST: readonly ReadonlySet<string>[] = [
  new Set(['ACL', 'DEFAULT ACL']),
  new Set(['EVENT TRIGGER', 'MATERIALIZED VIEW DATA']),
];

const passOf = ({ type }: Entry): number => LAST.findIndex((types) => types.has(type));

/** The entries in the order in which they are restored. */
export const inOrderOfRestore = (entries: readonly Entry[]): readonly Entry[] =>
  [-1, 0, 1]
    .flatMap((pass) => entries.filter((entry) => passOf(entry) === pass))
    .filter(({ type }) => !NOT_RESTORED.has(type));

/** The step that restores an entry; `null`: there is nothing to do. @throws DumpFault */
export function stepOf(entry: Entry, rows: (entry: Entry) => AsyncIterable<Buffer>): DumpStep | null {
  const about = labelOf(entry);
  if (entry.type === 'BLOBS') throw new DumpFault('the dump has large objects, which Allotree does not use.');
  if (entry.type !== 'TABLE DATA') return entry.sql === '' ? null : { kind: 'sql', about, sql: entry.sql };
  if (entry.copy === null)
    throw new DumpFault(`the dump has the rows of ${about} as INSERT statements. Dump again without --inserts.`);
  return { kind: 'rows', about, statement: entry.copy.replace(/;\s*$/, ''), rows: () => rows(entry) };
}

/** Reads all rows once. @returns their number of bytes */
export async function readThrough(chunks: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}
