import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesBelow } from './files-below.mjs';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', ...filesBelow(root, 'docs').filter((file) => file.endsWith('.md'))];

/** All fenced blocks of commands and configuration. */
const blocksOf = (text: string): string =>
  [...text.matchAll(/```\w*\n([^]*?)```/g)].map(([, block]) => block).join('\n');

const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[`*]/g, '')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsIn = (text: string): Set<string> =>
  new Set([
    ...[...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!)),
    ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!),
  ]);

/** Problems of the links of a page. */
const brokenLinks = (page: string): string[] =>
  [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (/^(https?:|mailto:)/.test(link!)) return [];
    const [path, anchor] = link!.split('#') as [string, string?];
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(root, target))) return [link!];
    return anchor !== undefined && target.endsWith('.md') && !anchorsIn(read(target)).has(anchor) ? [link!] : [];
  });

describe('the documentation', () => {
  it.each(pages)('%s: every link resolves', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('names existing npm scripts', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const known = new Set([...Object.keys(scripts), 'start', 'test']);
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run (?:-s |--silent )?([a-z][\w:-]*)/g)].map(([, script]) => `${page}: ${script}`),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((each) => !known.has(each.split(': ')[1]!))).toEqual([]);
  });

  it('sets only existing settings in commands', () => {
    const reference = read('docs/reference/configuration.md');
    const known = new Set([...reference.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name!));
    const set = pages
      .filter((page) => !page.startsWith('docs/reference/'))
      .flatMap((page) =>
        [...blocksOf(read(page)).matchAll(/^(?:export )?([A-Z][A-Z0-9_]*_[A-Z0-9_]+|PORT|HOST)=/gm)].map(
          ([, name]) => `${page}: ${name}`,
        ),
      );
    // Settings of third-party servers.
    const foreign = /: (EVENTSTORE_|NODE_|PG|EVENTSTOREDB_URL|ALLOTREE_)/;
    expect(set.length).toBeGreaterThan(10);
    expect(set.filter((each) => !foreign.test(each) && !known.has(each.split(': ')[1]!))).toEqual([]);
  });

  it('names existing routes', () => {
    const { paths } = JSON.parse(read('docs/reference/openapi.json')) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const shape = (path: string): string =>
      path
        .replace(/^\/api\/v1/, '')
        .replace(/\?.*$/, '')
        .replace(/\{[^}]*\}|<[^>]*>/g, '*');
    const known = new Set(
      Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${shape(path)}`),
      ),
    );
    const outside = /^\w+ \/(health|metrics|api\/v1\/(openapi|test-clock))/;
    const named = pages
      .filter((page) => !page.startsWith('docs/adr/'))
      .flatMap((page) =>
        [...read(page).matchAll(/`((?:GET|POST|PUT|PATCH|DELETE) \/[^`\s]*)/g)].map(
          ([, route]) => [page, route!] as const,
        ),
      );
    expect(named.length).toBeGreaterThan(50);
    const unknown = named.filter(([, route]) => {
      const [method, path] = route.split(' ') as [string, string];
      return !outside.test(route) && !known.has(`${method} ${shape(path)}`);
    });
    expect(unknown).toEqual([]);
  });

  it('offers `cascade` on every route that is refused with DESCENDANTS_AFFECTED, except for moves, whose texts advise none', () => {
    const { paths } = JSON.parse(read('docs/reference/openapi.json')) as {
      paths: Record<string, Record<string, { parameters?: { name: string }[] }>>;
    };
    const without = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, operation]) => JSON.stringify(operation).includes('DESCENDANTS_AFFECTED'))
        .filter(([, { parameters = [] }]) => !parameters.some(({ name }) => name === 'cascade'))
        .map(([method]) => `${method} ${path}`),
    );
    expect(without).toEqual([
      'post /api/v1/projects/{p}/groups/{g}/move',
      'post /api/v1/projects/{p}/groups/{g}/relocation-check',
    ]);
  });
});
