/**
 * Finds prose that the style guide rules out: in comments, in the titles of tests, in the texts that callers, operators and
 * recipients of mails read, and in Markdown. `node tools/prose/prose.mjs [path ...]` lists every finding.
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from '../files-below.mjs';
import { keptBetweenRuns } from '../kept-between-runs.mjs';
import { piecesOf } from './pieces.mjs';

const root = resolve(import.meta.dirname, '../..');

/** What is ruled out, and what to write instead. */
export const BANNED = [
  [/\bwish(es)?\b/i, 'command or request'],
  [/\b(tells?|told|telling)\b/i, 'reports, says, names or announces'],
  [/\bhear(s|d)?\b/i, 'receives'],
  [/\bnews\b/i, 'event, notification or change'],
  [/\b(of|than) ours\b/i, 'our own, this system'],
  [/\bstands?( still| beside| in| there)\b/i, 'is, stalls'],
  [/\bwhoever\b/i, 'anyone who, the user who'],
  [/\bno longer than\b(?! \d)/i, 'at most'],
  [/\b(nobody|no one) (but|except)\b/i, 'only'],
  [/\bbut for\b/i, 'except for'],
  [
    /(^|[.:;] )What (?!is\b[^.]*\?|if\b|does\b|happens\b)[^?]*? (is|are|was|were|has|have|does|do|may|must|can) /,
    'a noun as the subject',
  ],
  [/\bmay no more than\b/i, 'cannot have ... that'],
  [/\bis good (for|once|until|no)\b/i, 'is valid'],
  [/\b(surroundings|postman|doorbell|belonging)\b/i, "the field's term"],
  [/\bso many\b(?! as)/i, 'a number, or "the configured number of"'],
  [/\bas (it|they) (was|were|is|are) (?=[a-z]+ed\b)/i, 'unchanged'],
  [/\bby itself\b/i, 'automatically'],
  [/\blet(s)? (everybody|nobody|people) /i, 'allow'],
];

const require = createRequire(import.meta.url);
const parser = readFileSync(new URL('pieces.mjs', import.meta.url), 'utf8');
const kept = keptBetweenRuns('prose', [parser, require('typescript/package.json').version]);

/**
 * Pieces of prose of a TypeScript or JavaScript source, kept between runs: parsing takes most of the time of this lint.
 *
 * @returns {{ line: number, text: string }[]}
 */
function proseOf(fileName, text) {
  const file = kept(extname(fileName), text)('json');
  return JSON.parse(file.read() ?? file.write(JSON.stringify(piecesOf(fileName, text))));
}

/** Prose of a Markdown page by paragraphs, without blocks of code. */
export function proseOfPage(text) {
  const found = [];
  let inCode = false;
  text.split('\n').forEach((line, index) => {
    if (/^\s*```/.test(line)) inCode = !inCode;
    else if (!inCode && line.trim() !== '') found.push({ line: index + 1, text: line.replace(/`[^`]*`/g, '`code`') });
  });
  return found;
}

export const findingsIn = (fileName, text) =>
  (fileName.endsWith('.md') ? proseOfPage(text) : proseOf(fileName, text)).flatMap((piece) =>
    BANNED.flatMap(([pattern, instead]) => {
      const match = pattern.exec(piece.text);
      return match === null ? [] : [{ file: fileName, ...piece, match: match[0].trim(), instead }];
    }),
  );

const SKIPPED = /(^|\/)prose\/|^docs\/reference\/|\.generated\./;
/** Each path is a file, or a folder with all that is below it. */
export const filesIn = (paths) =>
  paths.flatMap((path) => {
    if (statSync(join(root, path)).isFile()) return [path];
    return filesBelow(root, path).filter((file) => /\.(tsx?|mjs|md)$/.test(file) && !SKIPPED.test(file));
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const paths = process.argv.slice(2).map((path) => relative(root, resolve(path)));
  const files = filesIn(paths.length > 0 ? paths : ['apps', 'libs', 'tools', 'bench', 'deploy', 'docs']);
  const findings = files.flatMap((file) => findingsIn(file, readFileSync(join(root, file), 'utf8')));
  for (const { file, line, match, instead, text } of findings)
    console.log(`${file}:${line}: "${match}" (write ${instead}): ${text.slice(0, 160)}`);
  console.log(`${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
