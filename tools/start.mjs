/** `npm start`: installs and builds what is missing, then runs the whole system in this process. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ensureInstalled, fail, requireHeap, requireNode, root } from './workspace.mjs';

const HELP = `npm start                the whole system in one process, on embedded backends

It installs the dependencies and builds when something is missing. Settings are environment variables:

  PORT            8080                  where the API listens
  HOST            127.0.0.1             on which address
  DATA_DIR        ./.data               where the data is kept between starts
  DATABASE_URL    (embedded)            a PostgreSQL of yours instead of the embedded one
  ADMIN_EMAIL     admin@allotree.local  the server administrator
  ADMIN_PASSWORD  (generated)           printed once, when it is generated

All of them: docs/reference/configuration.md. Stop with Ctrl-C.`;

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(HELP);
  process.exit(0);
}

/** Node opens the files of a program side by side: below this it cannot even be loaded. */
const OPEN_FILES = 1_024;

function requireOpenFiles() {
  const limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  const [, allowed] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  if (allowed !== undefined && Number(allowed) < OPEN_FILES)
    fail(
      `Allotree needs ${OPEN_FILES} open files, and this process may have ${allowed}. ` +
        'Raise the limit: ulimit -n 4096, LimitNOFILE=4096 in systemd, --ulimit nofile=4096 in Docker.',
    );
}

requireNode();
requireHeap();
requireOpenFiles();
await ensureInstalled();
await ensureBuilt();

/** The parent of the shell that npm runs this script in: npm. Other systems than Linux tell only of our own parent. */
const grandparent = () => {
  try {
    return readFileSync(`/proc/${process.ppid}/stat`, 'utf8').split(') ')[1].split(' ')[1];
  } catch {
    return null;
  }
};

/** When the npm that started this process ends without passing a signal on, nothing is left behind that nobody sees. */
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
