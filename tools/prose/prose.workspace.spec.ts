import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesIn, findingsIn } from './prose.mjs';

const root = resolve(import.meta.dirname, '../..');

/** Files and folders whose prose is plain throughout. One that becomes so is added; none is taken away. */
const PLAIN = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'README.md',
  'SECURITY.md',
  'apps/cli',
  'apps/demo',
  'apps/group-service',
  'apps/license-service',
  'apps/notification-service',
  'apps/reference',
  'apps/reporting-service',
  'apps/standalone',
  'bench',
  'deploy',
  'docs',
  'libs/api-client',
  'libs/basics',
  'libs/bus',
  'libs/contracts',
  'libs/domain',
  'libs/embedded-postgres',
  'libs/event-sourcing',
  'libs/http',
  'libs/identity',
  'libs/jobs',
  'libs/leases',
  'libs/read-models',
  'libs/service',
  'libs/testing',
  'libs/tracing',
  'tools',
];

describe('the prose lint', () => {
  it.each([
    ['a comment', '/** Tells the caller. */ const a = 1;'],
    ['a comment at the end of a line', 'const a = 1; // as they are told'],
    ['a comment inside a type', 'interface A { /** Whoever asked. */ readonly by: string }'],
    ['the title of a problem', "const a = { title: 'The wish is refused' };"],
    ['the description of a setting', "variable(z.string(), { description: 'How so many retries are made.' });"],
    ['the name of a test', "it('hears of the news', () => {});"],
    ['the name of a table of tests', "it.each([1])('tells %s', () => {});"],
    ['the message of an error', "throw new Error('nobody but the owner');"],
    ['a log line', "logger.warn({ err }, 'a subscription stands still');"],
    ['a relative clause as the subject', '// What is out of reach is answered 404.'],
  ])('finds %s', (_what, source) => {
    expect(findingsIn('a.ts', source)).not.toEqual([]);
  });

  it('finds prose of a page, and leaves its commands alone', () => {
    const page = 'Whoever reads it.\n\n```\nWhoever types it\n```\nThe `wish` is code.\n';
    expect(findingsIn('a.md', page).map(({ line }) => line)).toEqual([1]);
  });

  it.each([
    '/** The limit in force, or `null` when unlimited. */',
    "throw new Error('Limit exceeded: 1 requested, 0 available');",
    '// What is a lease? See leases.md.',
    "const wish = 'a name is not prose';",
  ])('leaves plain English alone: %s', (source) => {
    expect(findingsIn('a.ts', source)).toEqual([]);
  });

  it.each(PLAIN)('finds nothing in %s', (folder) => {
    expect(
      filesIn([folder]).flatMap((file: string) => findingsIn(file, readFileSync(join(root, file), 'utf8'))),
    ).toEqual([]);
  });
});
