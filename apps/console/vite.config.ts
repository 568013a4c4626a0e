import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Chunks that several pages share are joined with similar ones until they have as many bytes before compression. */
const SHARED_CHUNK_BYTES = 40_000;
/** What every page loads, before compression. */
const SHELL_KILOBYTES = 800;

/** Everything but the page itself is below /console, with a name that changes with its content. */
export default defineConfig({
  plugins: [react()],
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
            { name: 'shared', minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: SHARED_CHUNK_BYTES },
          ],
        },
      },
    },
  },
});
