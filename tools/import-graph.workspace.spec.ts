import { describe, expect, it } from '@jest/globals';
import { cycleIn } from '@allotree/testing/import-cycle';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from './files-below.mjs';

const root = join(import.meta.dirname, '..');

/** The libraries of every service. */
const OF_A_SERVICE = ['basics', 'jobs', 'bus', 'http', 'identity', 'service', 'contracts'];

/** The parts that each part may import, outside of specs and their helpers (docs/explanation/architecture.md). */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  contracts: [],
  leases: [],
  tracing: [],
  'project-file': ['contracts', 'domain'],
  'api-client': [],
  console: [],
  'event-sourcing': ['leases', 'tracing'],
  basics: [],
  'embedded-postgres': ['basics'],
  jobs: ['basics', 'tracing'],
  bus: ['basics', 'contracts', 'leases', 'tracing'],
  http: ['basics', 'jobs', 'contracts', 'tracing'],
  'read-models': ['basics', 'http', 'contracts'],
  identity: ['basics', 'bus', 'http', 'read-models', 'contracts'],
  service: ['basics', 'jobs', 'bus', 'http', 'identity', 'contracts', 'leases', 'event-sourcing', 'tracing'],
  testing: ['api-client', 'bus', 'contracts', 'event-sourcing', 'jobs'],
  'group-service': ['domain', 'project-file', 'leases', 'event-sourcing', 'read-models', ...OF_A_SERVICE],
  'license-service': ['domain', 'leases', 'event-sourcing', 'read-models', ...OF_A_SERVICE],
  'notification-service': ['domain', 'read-models', ...OF_A_SERVICE],
  'reporting-service': ['domain', 'read-models', ...OF_A_SERVICE],
  standalone: [
    'api-client',
    'basics',
    'contracts',
    'embedded-postgres',
    'http',
    'identity',
    'jobs',
    'service',
    'tracing',
    'group-service',
    'license-service',
    'notification-service',
    'reporting-service',
  ],
  demo: ['api-client', 'contracts', 'domain', 'embedded-postgres', 'project-file'],
  cli: [
    'api-client',
    'basics',
    'bus',
    'contracts',
    'domain',
    'embedded-postgres',
    'event-sourcing',
    'project-file',
    'reporting-service',
  ],
  reference: [
    'api-client',
    'basics',
    'cli',
    'contracts',
    'domain',
    'license-service',
    'notification-service',
    'project-file',
    'reporting-service',
    'service',
    'standalone',
  ],
};

interface Part {
  readonly name: string;
  readonly folder: string;
}

const parts: readonly Part[] = ['libs', 'apps'].flatMap((group) =>
  readdirSync(join(root, group))
    .filter((name) => existsSync(join(root, group, name, 'package.json')))
    .map((name) => ({ name, folder: join(root, group, name) })),
);

const IS_HELPER = /\.(spec|fixture|harness)\.ts$/;
const PACKAGE = /(?:from|import|import\()\s*'@allotree\/([a-z-]+)((?:\/[a-z-]+)*)'/g;
const RELATIVE = /(?:from|import|import\()\s*'((?:\.\.\/)+)[^']*'/g;

/** Sources of a part except helpers of specs, relative to its folder. */
const codeIn = (folder: string): string[] =>
  filesBelow(folder, 'src').filter((file) => file.endsWith('.ts') && !IS_HELPER.test(file));

/** What the sources of a part import: `name`, or `name/entry` for another entry of the package than its index. */
function importsOf({ folder }: Part): readonly string[] {
  const found = codeIn(folder).flatMap((file) => packagesIn(readFileSync(join(folder, file), 'utf8')));
  return [...new Set(found)].sort();
}

const packagesIn = (text: string): string[] => [...text.matchAll(PACKAGE)].map(([, name, entry]) => `${name}${entry}`);

const partOf = (imported: string): string => imported.split('/')[0]!;

const forbidden = (name: string, imports: readonly string[]): string[] =>
  imports
    .filter((imported) => partOf(imported) !== name && !MAY_IMPORT[name]?.includes(partOf(imported)))
    .map((imported) => `${name} -> ${imported}`);

/** Entries that the package does not export. */
const undeclared = (imports: readonly string[]): string[] =>
  imports.filter((imported) => {
    const part = parts.find(({ name }) => name === partOf(imported));
    if (part === undefined) return true;
    const { exports } = JSON.parse(readFileSync(join(part.folder, 'package.json'), 'utf8')) as { exports?: object };
    const entry = imported === part.name ? '.' : `.${imported.slice(part.name.length)}`;
    return !Object.keys(exports ?? {}).includes(entry);
  });

describe('the imports between libraries and apps', () => {
  it('are declared for every part', () => {
    expect(parts.map(({ name }) => name).sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  it('have no cycle', () => {
    expect(cycleIn(new Map(Object.entries(MAY_IMPORT)))).toEqual([]);
  });

  it.each(parts)('of $name are those declared, through entries that exist', (part) => {
    const imports = importsOf(part);
    expect(forbidden(part.name, imports)).toEqual([]);
    expect(undeclared(imports)).toEqual([]);
  });

  it.each(parts)('of $name never reach into another part by a path', ({ folder }) => {
    const escaping = codeIn(folder).filter((file) => {
      // Below `src`.
      const depth = file.split('/').length - 2;
      const text = readFileSync(join(folder, file), 'utf8');
      return [...text.matchAll(RELATIVE)].some(([, up]) => up!.length / 3 > depth);
    });
    expect(escaping).toEqual([]);
  });
});

describe('the check of imports', () => {
  it('finds an import that is not declared, in any form', () => {
    const text =
      "import type { A } from '@allotree/http';\nconst b = await import('@allotree/license-service/configuration');";
    expect(forbidden('domain', packagesIn(text))).toEqual([
      'domain -> http',
      'domain -> license-service/configuration',
    ]);
  });

  it('finds an entry that a package does not export', () => {
    expect(undeclared(['http', 'http/src/problem', 'nothing'])).toEqual(['http/src/problem', 'nothing']);
  });

  it('finds a cycle', () => {
    expect(cycleIn(new Map(Object.entries({ a: ['b'], b: ['c'], c: ['b'] })))).toEqual(['b', 'c', 'b']);
  });
});
