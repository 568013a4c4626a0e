/** Compresses the built files once, so that no server does it for each request. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

const DIST = join(import.meta.dirname, 'dist');
/** Smaller files fit in one packet anyway. */
const LEAST_BYTES = 1_024;

for (const name of await readdir(DIST, { recursive: true })) {
  if (!/\.(js|css|svg|html)$/.test(name)) continue;
  const content = await readFile(join(DIST, name));
  if (content.length < LEAST_BYTES) continue;
  await writeFile(join(DIST, `${name}.gz`), await promisify(gzip)(content, { level: 9 }));
  await writeFile(join(DIST, `${name}.br`), await promisify(brotliCompress)(content));
}
