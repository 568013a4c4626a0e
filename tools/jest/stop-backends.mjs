/** Jest globalTeardown: stops what start-backends.mjs started and removes its folder. */
const running = Symbol.for('allotree.test-backends');

export default async function stopBackends() {
  const server = globalThis[running];
  if (!server) return;
  delete globalThis[running];
  delete process.env.ALLOTREE_TEST_DATABASE_URL;
  await server.stop();
}
