/** The database of a whole system whose first start is over, made once for a test run; specs about something else start on a copy of it. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @returns the folder, to be removed at the end of the run; `ALLOTREE_PREPARED_DATA` is the database in it */
export async function prepareData() {
  const folder = await mkdtemp(join(tmpdir(), 'allotree-prepared-'));
  try {
    await startAndStop(folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  process.env.ALLOTREE_PREPARED_DATA = join(folder, 'data');
  return folder;
}

async function startAndStop(folder) {
  const { PATH = '', HOME = '' } = process.env;
  const program = join(process.env.ALLOTREE_BUNDLED_APPS, 'standalone.mjs');
  const child = spawn(process.execPath, [program], { env: { PATH, HOME, DATA_DIR: folder, PORT: '0' } });
  let output = '';
  const listen = (chunk) => {
    output += chunk;
    if (output.includes('Allotree is running')) child.kill('SIGTERM');
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const code = await new Promise((ended) => child.once('close', ended));
  if (code !== 0) throw new Error(`the system did not start and stop:\n${output}`);
}
