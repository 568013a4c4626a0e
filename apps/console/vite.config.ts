import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Everything but the page itself is below /console, with a name that changes with its content. */
export default defineConfig({
  plugins: [react()],
  build: { outDir: 'dist', assetsDir: 'console', emptyOutDir: true, target: 'es2022' },
});
