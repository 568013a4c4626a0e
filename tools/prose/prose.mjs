/**
 * Finds prose that the style guide rules out: in comments, in the titles of tests, in the texts that callers, operators and
 * recipients of mails read, and in Markdown. `node tools/prose/prose.mjs [path ...]` lists every finding.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

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

/** Keys whose string literals people read. */
const READ_KEYS = new Set(['title', 'detail', 'summary', 'description', 'allowed', 'message', 'help', 'reason']);
const TEST_CALL = /^(describe|it|test)(\.each\b[^]*)?$/;

const lineOf = (file, position) => file.getLineAndCharacterOfPosition(position).line + 1;

/** Pieces of prose of a TypeScript or JavaScript source: `{ line, text }`. */
export function proseOf(fileName, text) {
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  const found = [];
  const seen = new Set();
  const comments = (position) => {
    for (const range of [
      ...(ts.getLeadingCommentRanges(text, position) ?? []),
      ...(ts.getTrailingCommentRanges(text, position) ?? []),
    ]) {
      if (seen.has(range.pos)) continue;
      seen.add(range.pos);
      found.push({ line: lineOf(file, range.pos), text: plain(text.slice(range.pos, range.end)) });
    }
  };
  const literal = (node) => {
    if (ts.isStringLiteralLike(node)) found.push({ line: lineOf(file, node.getStart()), text: node.text });
    else if (ts.isTemplateExpression(node))
      found.push({
        line: lineOf(file, node.getStart()),
        text: [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join('…'),
      });
  };
  /** The arguments of a call that people read: names of tests, log lines, messages of errors. */
  const readArguments = (node) => {
    const name = node.expression.getText(file);
    const [first, second] = node.arguments ?? [];
    if (ts.isNewExpression(node)) return /Problem|Error/.test(name) ? [...(node.arguments ?? [])] : [];
    if (/\blogger\.\w+$/i.test(name)) return [first, second];
    return TEST_CALL.test(name) ? [first] : [];
  };
  const visit = (node) => {
    comments(node.getFullStart());
    comments(node.getEnd());
    if (ts.isPropertyAssignment(node) && READ_KEYS.has(node.name.getText(file).replaceAll(/['"]/g, '')))
      literal(node.initializer);
    if (ts.isCallExpression(node) || ts.isNewExpression(node))
      for (const argument of readArguments(node)) if (argument !== undefined) literal(argument);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const plain = (comment) =>
  comment
    .replace(/^\/\*\*?|\*\/$|^\/\//g, '')
    .replace(/^\s*(\*|\/\/) ?/gm, '')
    .replace(/`[^`]*`/g, '`code`')
    .replace(/\s+/g, ' ')
    .trim();

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

const SKIPPED = /(^|\/)(node_modules|dist|\.nx|reference|prose)\//;
export const filesIn = (folders) =>
  folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file}`)
      .filter((file) => /\.(ts|mjs|md)$/.test(file) && !SKIPPED.test(file)),
  );

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const paths = process.argv.slice(2);
  const files =
    paths.length > 0 && /\.\w+$/.test(paths[0])
      ? paths.map((path) => relative(root, resolve(path)))
      : filesIn(paths.length > 0 ? paths : ['apps', 'libs', 'tools', 'bench', 'deploy', 'docs']);
  const findings = files.flatMap((file) => findingsIn(file, readFileSync(join(root, file), 'utf8')));
  for (const { file, line, match, instead, text } of findings)
    console.log(`${file}:${line}: "${match}" (write ${instead}): ${text.slice(0, 160)}`);
  console.log(`${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
