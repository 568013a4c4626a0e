/** `npm start`: installs and builds if necessary, then runs the whole system in this process. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ensureInstalled, fail, requireHeap, requireNode, root } from './workspace.mjs';

const HELP = `npm start                the whole system in one process, on embedded backends

Installs the dependencies and builds if necessary. Settings are environment variables:

  PORT            8080                  port of the API
  HOST            127.0.0.1             address of the API
  DATA_DIR        ./.data               folder for persistent data
  DATABASE_URL    (embedded)            PostgreSQL to use instead of the embedded one
  ADMIN_EMAIL     admin@allotree.local  the server administrator
  ADMIN_PASSWORD  (generated)           printed once if it is generated

All of them: docs/reference/configuration.md. Stop with Ctrl-C.`;

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(HELP);
  process.exit(0);
}

/** Node opens the modules of a program concurrently; with fewer files it cannot even load it. */
const OPEN_FILES = 1_024;

function requireOpenFiles() {
  const limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  const [, allowed] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  if (allowed !== undefined && Number(allowed) < OPEN_FILES)
    fail(
      `Allotree needs ${OPEN_FILES} open files, but this process is limited to ${allowed}. ` +
        'Raise the limit: ulimit -n 4096, LimitNOFILE=4096 in systemd, --ulimit nofile=4096 in Docker.',
    );
}

requireNode();
requireHeap();
requireOpenFiles();
await ensureInstalled();
await ensureBuilt();

/** The parent of the shell in which npm runs this script, i.e. npm. Only Linux exposes it. */
const grandparent = () => {
  try {
    return readFileSync(`/proc/${process.ppid}/stat`, 'utf8').split(') ')[1].split(' ')[1];
  } catch {
    return null;
  }
};

/** Stops when npm ends without forwarding a signal, so that no process is left behind. */
function stopWithParent() {
  if (process.env.npm_lifecycle_event !== 'start') return;
  const family = () => `${process.ppid} ${grandparent()}`;
  const atStart = family();
  const watch = setInterval(() => {
    if (family() === atStart) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
}

stopWithParent();
process.setSourceMapsEnabled(true);
await import(pathToFileURL(join(root, 'apps/standalone/dist/main.js')).href);
