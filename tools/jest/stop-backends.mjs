/** Jest globalTeardown: stops what start-backends.mjs started and removes its folders. */
const running = Symbol.for('allotree.test-backends');

export default async function stopBackends() {
  const started = globalThis[running] ?? [];
  delete globalThis[running];
  for (const { variable } of started) delete process.env[variable];
  await Promise.all(started.map(({ server }) => server.remove()));
}
