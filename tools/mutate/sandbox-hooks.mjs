/** Module hooks of the specs, with the workspace's packages taken from the copy that contains the mutants. */
import { pathToFileURL } from 'node:url';
import { root } from '../workspace.mjs';
import { load, resolve as resolveTypeScript } from '../jest/typescript-hooks.mjs';

const original = pathToFileURL(`${root}/`).href;
let sandbox;

export function initialize(data) {
  ({ sandbox } = data);
}

const isInstalled = (url) => url.includes('/node_modules/');
const isToolOfMutation = (url) => url.startsWith(`${original}tools/mutate/`);

export async function resolve(specifier, context, nextResolve) {
  const resolved = await resolveTypeScript(specifier, context, nextResolve);
  const { url } = resolved;
  if (!url.startsWith(original) || url.startsWith(sandbox) || isInstalled(url) || isToolOfMutation(url))
    return resolved;
  return { ...resolved, url: `${sandbox}${url.slice(original.length)}` };
}

export { load };
