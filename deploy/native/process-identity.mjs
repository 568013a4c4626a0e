/**
 * Identifies a process by its number and start time: numbers are reused, and processes of others must not be touched.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const STATE = 0;
const START_TIME = 19;

/**
 * Start time of a process in a form that is unique among processes with its number; `null` if it has ended (including a
 * zombie).
 */
export function birthOf(pid) {
  if (process.platform !== 'linux') return birthByPs(pid);
  const line = readOrNull(`/proc/${pid}/stat`);
  // The second field is the program name in parentheses, which may contain spaces and parentheses.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ');
  if (!fields || fields[STATE] === 'Z') return null;
  return `${readOrNull('/proc/sys/kernel/random/boot_id')?.trim()} ${fields[START_TIME]}`;
}

function birthByPs(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const [state, ...started] = (stdout ?? '').trim().split(/\s+/);
  return !state || state.startsWith('Z') ? null : started.join(' ');
}

/** Living child processes: the workers of nginx, the backends of PostgreSQL. */
export function childrenOf(pid) {
  const list = readOrNull(`/proc/${pid}/task/${pid}/children`);
  if (list !== null) return list.trim().split(' ').filter(Boolean).map(Number);
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return (stdout ?? '').trim().split('\n').filter(Boolean).map(Number);
}

/** Sends a signal, ignoring a process that has just ended. */
export function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function readOrNull(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
