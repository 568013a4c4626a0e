import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesBelow } from './files-below.mjs';

const root = resolve(import.meta.dirname, '..');
const FOLDER = 'docs/images';

interface Picture {
  readonly page: string;
  /** Relative to the root. */
  readonly path: string;
  /** `null` for the dark version of a picture, which has none of its own. */
  readonly alt: string | null;
}

const pages = execFileSync('git', ['ls-files', '--', 'docs/**/*.md', 'README.md'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((page) => page !== '' && existsSync(join(root, page)));

function picturesOf(page: string): Picture[] {
  const text = readFileSync(join(root, page), 'utf8');
  const at = (path: string, alt: string | null): Picture => ({
    page,
    path: relative(root, resolve(root, dirname(page), path)),
    alt,
  });
  return [
    ...[...text.matchAll(/!\[([^\]]*)\]\(([^)\s]+)\)/g)].map(([, alt, path]) => at(path!, alt!)),
    ...[...text.matchAll(/<img\b[^>]*>/g)].map(([tag]) =>
      at(/\bsrc="([^"]+)"/.exec(tag)![1]!, /\balt="([^"]*)"/.exec(tag)?.[1] ?? ''),
    ),
    ...[...text.matchAll(/<source\b[^>]*\bsrcset="([^"]+)"/g)].map(([, path]) => at(path!, null)),
  ].filter(({ path }) => !path.includes(':'));
}

const pictures = pages.flatMap(picturesOf);
const files = filesBelow(root, FOLDER);

describe('the pictures of the documentation', () => {
  it('exist where a page shows one, and are shown by a page where one exists', () => {
    expect(pictures.length).toBeGreaterThan(0);
    expect([...new Set(pictures.map(({ path }) => path))].sort()).toEqual(files.sort());
  });

  it('are described for people who do not see them', () => {
    const described = pictures.filter(({ alt }) => alt !== null);
    expect(described.length).toBeGreaterThan(0);
    expect(described.filter(({ alt }) => alt!.trim().length < 10)).toEqual([]);
  });
});
