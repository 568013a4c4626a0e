import { dirname, posix, sep } from 'node:path';

/** `apps/<app>/src/<area>/<slice>/...`: the slice a file belongs to, or null for what is above the slices. */
const sliceOf = (file) => /(?:^|\/)(apps\/[^/]+\/src\/[^/]+\/[^/]+)\/[^/]/.exec(file)?.[1] ?? null;

/** A slice holds everything its use case needs; what two slices share belongs above both. */
export default {
  meta: {
    type: 'problem',
    docs: { description: 'slices never import slices' },
    messages: { crossing: "Slice '{{from}}' imports slice '{{to}}': move what both need out of them." },
    schema: [],
  },
  create(context) {
    const file = context.filename.split(sep).join('/');
    const from = sliceOf(file);
    if (from === null) return {};
    const check = (source) => {
      if (typeof source?.value !== 'string' || !source.value.startsWith('.')) return;
      const to = sliceOf(posix.join(dirname(file), source.value));
      if (to !== null && to !== from) context.report({ node: source, messageId: 'crossing', data: { from, to } });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
    };
  },
};
