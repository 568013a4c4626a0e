import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteReader } from './byte-reader.js';
import { dumpOf } from './custom-dump.js';
import { bytesOf, damaged, DumpFault, withoutEndMark, type Dump } from './dump.js';
import { labelOf, readTableOfContents, type Entry, type TableOfContents } from './table-of-contents.js';

async function contentsOf(path: string): Promise<TableOfContents> {
  const size = await stat(path).then(
    (found) => found.size,
    () => null,
  );
  if (size === null)
    throw new DumpFault('the folder has no toc.dat: it is not a dump of the directory format, or it is incomplete.');
  const file = await open(path, 'r');
  try {
    const reader = new ByteReader(file, size);
    const contents = readTableOfContents(reader, 'directory');
    if (!reader.isAtEnd) throw damaged('toc.dat has bytes after its end');
    return contents;
  } finally {
    await file.close();
  }
}

async function* rowsOf(folder: string, { file }: Entry, about: string): AsyncIterable<Buffer> {
  const path = join(folder, file ?? '');
  const exists = (name: string): Promise<boolean> =>
    stat(name).then(
      () => true,
      () => false,
    );
  const compressed = !(await exists(path));
  try {
    for await (const chunk of bytesOf(compressed ? `${path}.gz` : path, compressed)) yield chunk as Buffer;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw damaged(`the file ${file}, with the rows of ${about}, is missing`);
    throw damaged(`the rows of ${about} do not match their checksum (${message})`);
  }
}

/** Reads a dump of the directory format, with all of its rows. @throws DumpFault */
export async function openDirectoryDump(folder: string): Promise<Dump> {
  const contents = await contentsOf(join(folder, 'toc.dat'));
  return dumpOf('directory', contents, (entry) => {
    const about = labelOf(entry);
    if (entry.file === null || entry.file === '' || entry.file.includes('/'))
      throw damaged(`it names no file of ${about}`);
    return withoutEndMark(rowsOf(folder, entry, about), about);
  });
}
