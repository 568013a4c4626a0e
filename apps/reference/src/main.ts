import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readLocalSignIn } from '@allotree/api-client';
import { filtersPage, httpPage, openApiFile, type OpenApi } from './http-page.js';
import { referencePages } from './pages.js';

const root = resolve(import.meta.dirname, '../../..');

const write = async (path: string, text: string): Promise<void> => {
  const file = resolve(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  process.stdout.write(`${path}\n`);
};

for (const [path, text] of referencePages()) await write(path, text);

const running = await readLocalSignIn(process.env['DATA_DIR'] ?? '.data', Date.now());
if (running === null) {
  process.stdout.write(
    'docs/reference/{http.md,filters.md,openapi.json} are unchanged: they are generated only beside a running system (npm start)\n',
  );
} else {
  const response = await fetch(`${running.url}/api/v1/openapi.json`);
  const openApi = (await response.json()) as OpenApi;
  await write('docs/reference/http.md', httpPage(openApi));
  await write('docs/reference/filters.md', filtersPage(openApi));
  await write('docs/reference/openapi.json', openApiFile(openApi));
}
