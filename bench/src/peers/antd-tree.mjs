import { createServer } from 'node:http';
import { once } from 'node:events';
import { readFile, readdir, rm, mkdtemp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { build } from 'vite';

const SOURCE = join(import.meta.dirname, 'antd-tree');
const TMP = join(import.meta.dirname, '..', '..', 'tmp');
const TYPES = { html: 'text/html', js: 'text/javascript', json: 'application/json' };
const compress = promisify(brotliCompress);

/**
 * A page with nothing but the tree of antd, as vite builds it for production, and all groups of a project. Both are compressed
 * beforehand, as the files of the console are.
 *
 * @param {readonly { groupId: string, parentId: string | null, name: string }[]} groups parents first
 */
export async function servePageOfAntd(groups) {
  const outDir = await mkdtemp(join(TMP, 'antd-'));
  await build({ root: SOURCE, logLevel: 'error', build: { outDir, target: 'es2022', chunkSizeWarningLimit: 2_000 } });
  const files = new Map([['/groups.json', JSON.stringify(nested(groups))]]);
  files.set('/', await readFile(join(outDir, 'index.html')));
  for (const name of await readdir(join(outDir, 'assets')))
    files.set(`/assets/${name}`, await readFile(join(outDir, 'assets', name)));
  await rm(outDir, { recursive: true });
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  for (const [path, content] of files) files.set(path, await compress(content, quality));
  const server = createServer(({ url }, response) => {
    const content = files.get(url.replace(/\?.*/, ''));
    const type = TYPES[basename(url).split('.').at(-1)] ?? TYPES.html;
    if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': type, 'content-encoding': 'br' }).end(content);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

/** Groups as antd's tree takes them. */
function nested(groups) {
  const nodes = new Map(groups.map(({ groupId, name }) => [groupId, { key: groupId, title: name }]));
  const roots = [];
  for (const { groupId, parentId } of groups) {
    const parent = nodes.get(parentId);
    if (parent === undefined) roots.push(nodes.get(groupId));
    else (parent.children ??= []).push(nodes.get(groupId));
  }
  return roots;
}
