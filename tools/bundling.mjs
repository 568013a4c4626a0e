/** How esbuild bundles programs of this workspace. */

/** The beginning of a bundle: CommonJS in an ES module. */
export const COMMONJS_IN_ES_MODULES = `import { createRequire as requireOf } from 'node:module';
const require = requireOf(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

/** Packages that dependencies load only where they are installed. */
export const missingPackages = {
  name: 'missing-packages',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (pluginData === missingPackages || kind === 'entry-point') return undefined;
      const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: missingPackages });
      return found.errors.length > 0 ? { path, external: true } : found;
    });
  },
};
