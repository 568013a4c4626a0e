import { createRequire } from 'node:module';

/** Loaded with the first file to parse; without the scan for exported names that an import makes of this large file. */
const typescript = () => createRequire(import.meta.url)('typescript');

/** Keys whose string literals people read. */
const READ_KEYS = new Set(['title', 'detail', 'summary', 'description', 'allowed', 'message', 'help', 'reason']);
const TEST_CALL = /^(describe|it|test)(\.each\b[^]*)?$/;

const lineOf = (file, position) => file.getLineAndCharacterOfPosition(position).line + 1;

/** Pieces of prose of a TypeScript or JavaScript source: `{ line, text }`. */
export function piecesOf(fileName, text) {
  const ts = typescript();
  const file = ts.createSourceFile(fileName, text, {
    languageVersion: ts.ScriptTarget.Latest,
    jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
  });
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
    if (ts.isStringLiteralLike(node)) found.push({ line: lineOf(file, node.getStart(file)), text: node.text });
    else if (ts.isTemplateExpression(node))
      found.push({
        line: lineOf(file, node.getStart(file)),
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
