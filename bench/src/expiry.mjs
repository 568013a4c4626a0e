import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const TMP = join(import.meta.dirname, '..', 'tmp');

/** The license and the notification service in a separate process; `ask(what, more)` resolves when it is done. */
export async function startExpiry(settings) {
  await mkdir(TMP, { recursive: true });
  const child = fork(join(import.meta.dirname, 'expiry-server.mjs'), [], { stdio: ['ignore', 2, 2, 'ipc'] });
  const ended = once(child, 'exit');
  const ask = async (what, more = {}) => {
    child.send({ what, ...more });
    const [message] = await Promise.race([
      once(child, 'message'),
      ended.then(([code]) => Promise.reject(new Error(`the server exited with ${code}`))),
    ]);
    if (message.error) throw new Error(message.error);
    return message.answer;
  };
  const ready = await ask('start', { ...settings, logFile: join(TMP, 'expiry-server.log') });
  return {
    ...ready,
    ask,
    async stop() {
      await ask('stop');
      await ended;
    },
  };
}

export const DAY = 86_400_000;
