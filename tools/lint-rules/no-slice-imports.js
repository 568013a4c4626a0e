import { dirname, posix, sep } from 'node:path';

/** Areas too large for one level of slices: their folders are rooms, and the slices are inside them. */
const WITH_ROOMS = ['identity'];

/** The slice of a file in `apps/<app>/src/<area>/<slice>/...`, or null if it is above the slices. */
const sliceOf = (file) => {
  const [, src, inside] = /(?:^|\/)(apps\/[^/]+\/src)\/(.+)\/[^/]+$/.exec(file) ?? [];
  const folders = inside?.split('/') ?? [];
  const depth = WITH_ROOMS.includes(folders[0]) ? 3 : 2;
  return folders.length < depth ? null : [src, ...folders.slice(0, depth)].join('/');
};

/** A slice contains everything its use case needs; code shared by two slices belongs above both. */
export default {
  meta: {
    type: 'problem',
    docs: { description: 'slices never import slices' },
    messages: { crossing: "Slice '{{from}}' imports slice '{{to}}': move the shared code out of both." },
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
