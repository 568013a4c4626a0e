/** Module hooks for specs: compile TypeScript like the build, and resolve workspace packages to their sources. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compile, sourceOf } from './compile.mjs';

const GLOBALS = new URL('./globals.mjs', import.meta.url).href;

export function resolve(specifier, context, nextResolve) {
  if (specifier === '@jest/globals') return { url: GLOBALS, format: 'module', shortCircuit: true };
  const { parentURL } = context;
  const source = parentURL?.startsWith('file:') ? sourceOf(specifier, fileURLToPath(parentURL)) : null;
  if (source !== null) return { url: pathToFileURL(source).href, format: 'module', shortCircuit: true };
  return nextResolve(specifier, { ...context, conditions: [...context.conditions, '@allotree/source'] });
}

export function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  return { format: 'module', source: compile(fileURLToPath(url)), shortCircuit: true };
}
