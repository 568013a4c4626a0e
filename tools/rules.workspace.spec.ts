import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesBelow } from './files-below.mjs';

const root = resolve(import.meta.dirname, '..');
const FOLDERS = ['apps', 'libs', 'tools', 'bench', 'deploy', 'docs', 'examples'];
const TEXT = /\.(ts|mjs|sql|md|ya?ml|sh|py)$/;

const files = FOLDERS.flatMap((folder) => filesBelow(root, folder)).filter(
  (file) => TEXT.test(file) && file !== 'tools/rules.workspace.spec.ts',
);
const sources = files.map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

const rulesPage = readFileSync(join(root, 'docs/domain/rules.md'), 'utf8');
const rules = [...rulesPage.matchAll(/<a id="([a-z]\d+)"><\/a>\*\*([A-Z]\d+)\*\*/g)].map(([, , rule]) => rule!);
const letters = [...new Set(rules.map((rule) => rule[0]))].join('');

/** A rule letter with a number that is no part of a longer word, duration, path or quoted value. */
const CITATION = new RegExp(`(?<![\\w'"\`.+#/%-])[${letters}]\\d{1,2}(?![\\w'"\`])`, 'g');
const CITED_PAGE = /(?<![\w/-])([\w-]+\.md)\b/g;
const TITLE = /(?:\b(?:describe|it|walk)|[\])`])\(\s*(['"`])(.*?)\1/g;

/** The citations of rules that the rules page does not define, with their file. */
const unresolvedIn = (file: string, text: string): string[] =>
  [...text.matchAll(CITATION)].filter(([cited]) => !rules.includes(cited)).map(([cited]) => `${file}: ${cited}`);

/** The pages named in a source that exist nowhere in the repository. */
const foreignPagesIn = (file: string, text: string, known: ReadonlySet<string>): string[] =>
  text.includes('.md')
    ? [...text.matchAll(CITED_PAGE)].filter(([, page]) => !known.has(page!)).map(([, page]) => `${file}: ${page}`)
    : [];

const pages = new Set(
  [...files.filter((file) => file.endsWith('.md')).map((file) => basename(file)), 'README.md'].concat(
    ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'].filter((file) => existsSync(join(root, file))),
  ),
);
/** Programs and tests that write or invent a page. */
const WRITES_PAGES = /^(apps\/reference\/src|tools\/)/;

describe('the rules of the domain', () => {
  it('have an anchor each, in one place', () => {
    expect(rules.length).toBeGreaterThan(30);
    expect(new Set(rules).size).toBe(rules.length);
    const anchors = [...rulesPage.matchAll(/<a id="([a-z]\d+)">/g)].map(([, anchor]) => anchor!.toUpperCase());
    expect(anchors).toEqual(rules);
  });

  it('are the only ones that code, tests and docs cite', () => {
    expect(sources.flatMap(({ file, text }) => unresolvedIn(file, text))).toEqual([]);
  });

  const titles = sources
    .filter(({ file }) => file.endsWith('.spec.ts'))
    .flatMap(({ text }) => [...text.matchAll(TITLE)].map(([, , title]) => title!));
  it.each(rules)('%s has a test named after it', (rule) => {
    const named = new RegExp(`\\b${rule}\\b`);
    expect(titles.filter((title) => named.test(title))).not.toEqual([]);
  });
});

describe('a page that code cites', () => {
  it('is in this repository', () => {
    const cited = sources.filter(({ file }) => !file.endsWith('.md') && !WRITES_PAGES.test(file));
    expect(cited.flatMap(({ file, text }) => foreignPagesIn(file, text, pages))).toEqual([]);
  });
});

describe('these checks', () => {
  it('find a rule that is not defined', () => {
    expect(unresolvedIn('a.ts', '/** Never below zero (R1, R99). */')).toEqual(['a.ts: R99']);
    expect(unresolvedIn('a.ts', `until 'P1Y' or P30D, \`U0\`, L10N`)).toEqual([]);
  });

  it('find a page that is elsewhere', () => {
    expect(foreignPagesIn('a.ts', '// See handbook.md and rules.md.', pages)).toEqual(['a.ts: handbook.md']);
  });
});
