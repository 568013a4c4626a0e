/** A process is known by its number and its birth: numbers are given out again, and what is not ours is never touched. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const STATE = 0;
const START_TIME = 19;

/**
 * When a process began, in words that no other process with its number has; `null` where it has ended (a dead one that
 * nobody has looked after yet included).
 */
export function birthOf(pid) {
  if (process.platform !== 'linux') return birthByPs(pid);
  const line = readOrNull(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, which may hold blanks and brackets itself.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ');
  if (!fields || fields[STATE] === 'Z') return null;
  return `${readOrNull('/proc/sys/kernel/random/boot_id')?.trim()} ${fields[START_TIME]}`;
}

function birthByPs(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const [state, ...started] = (stdout ?? '').trim().split(/\s+/);
  return !state || state.startsWith('Z') ? null : started.join(' ');
}

/** The processes a process has started and that are still there: the workers of nginx, the backends of PostgreSQL. */
export function childrenOf(pid) {
  const list = readOrNull(`/proc/${pid}/task/${pid}/children`);
  if (list !== null) return list.trim().split(' ').filter(Boolean).map(Number);
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return (stdout ?? '').trim().split('\n').filter(Boolean).map(Number);
}

/** Sends a signal; a process that has just ended is no error. */
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
