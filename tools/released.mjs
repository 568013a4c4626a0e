/** `npm run released`: keeps what this version stores, so that the next one knows whether it can be left again. At a release. */
import { register } from 'node:module';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireNode, root } from './workspace.mjs';

requireNode();
register('./jest/typescript-hooks.mjs', import.meta.url);
const { migrationsIn, read, storedEvents } = await import('./going-back/stored.mjs');
const { GENERATION } = await import('../libs/read-models/src/generation.ts');
const released = {
  version: JSON.parse(read(root, 'package.json')).version,
  generation: GENERATION,
  migrations: migrationsIn(root),
  storedEvents,
};
writeFileSync(join(root, 'tools/going-back/released.json'), `${JSON.stringify(released, null, 2)}\n`);
