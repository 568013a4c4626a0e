import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Chunks that several pages share are joined with similar ones until they have as many bytes before compression. */
const SHARED_CHUNK_BYTES = 40_000;
const SHARED = { minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: SHARED_CHUNK_BYTES } as const;
/** What every page loads, before compression. */
const SHELL_KILOBYTES = 800;

/** Fails where chunks import each other: which of them runs first would depend on the page, and the other would lack its imports. */
const noChunkCycles: Plugin = {
  name: 'no-chunk-cycles',
  generateBundle(_options, bundle) {
    const finished = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) this.error(`chunks import each other: ${[...path, file].join(' -> ')}`);
      const chunk = bundle[file];
      if (finished.has(file) || chunk?.type !== 'chunk') return;
      for (const imported of chunk.imports) visit(imported, [...path, file]);
      finished.add(file);
    };
    for (const file of Object.keys(bundle)) visit(file, []);
  },
};

/** Everything but the page itself is below /console, with a name that changes with its content. */
export default defineConfig({
  plugins: [react(), noChunkCycles],
  build: {
    outDir: 'dist',
    assetsDir: 'console',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: SHELL_KILOBYTES,
    rolldownOptions: {
      output: {
        // A chunk that pages share is named after all of them otherwise.
        chunkFileNames: ({ name }) => `console/${name.split('~')[0]}-[hash].js`,
        // A request for each small module would take longer than its content.
        codeSplitting: {
          groups: [
            { name: 'shell', tags: ['$initial'], priority: 1 },
            // Packages apart from the console's own code: joined with it, chunks would import each other.
            { name: 'vendor', test: /node_modules/, priority: 0.5, ...SHARED },
            { name: 'shared', ...SHARED },
          ],
        },
      },
    },
  },
});
