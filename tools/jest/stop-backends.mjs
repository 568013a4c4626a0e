/** Jest globalTeardown: stops what start-backends.mjs started and removes its folders. */
import { rm } from 'node:fs/promises';

const running = Symbol.for('allotree.test-backends');

export default async function stopBackends() {
  const { servers = [], prepared = null } = globalThis[running] ?? {};
  delete globalThis[running];
  for (const { variable } of servers) delete process.env[variable];
  delete process.env.ALLOTREE_PREPARED_DATA;
  if (prepared !== null) await rm(prepared, { recursive: true, force: true });
  await Promise.all(servers.map(({ server }) => server.remove()));
}
