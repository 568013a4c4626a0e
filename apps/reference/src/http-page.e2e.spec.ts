import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { filtersPage, httpPage, openApiFile, type OpenApi } from './http-page.js';

const MINUTE = 60_000;

describe('a running system', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  let system: RunningSystem;
  beforeAll(async () => {
    bench = await workbench();
    system = await bench.start();
  }, 2 * MINUTE);
  afterAll(() => bench.clear(), MINUTE);

  it('answers the routes that the reference lists (else: npm run docs, beside a running system)', async () => {
    const openApi = (await (await fetch(`${system.url}/api/v1/openapi.json`)).json()) as OpenApi;
    const reference = (name: string) => readFile(resolve(import.meta.dirname, '../../../docs/reference', name), 'utf8');
    expect(await reference('http.md')).toBe(httpPage(openApi));
    expect(await reference('filters.md')).toBe(filtersPage(openApi));
    expect(await reference('openapi.json')).toBe(openApiFile(openApi));
  });
});
