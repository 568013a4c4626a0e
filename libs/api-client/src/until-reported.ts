import { setTimeout as sleep } from 'node:timers/promises';
import { UnexpectedRefusal, type Api } from './api.js';

const LOOK_MS = 100;
const NO_ACCOUNT = '/accounts/vendor:00000000-0000-0000-0000-000000000000';

/** Waits until the tables of the past and the accounts have everything that was recorded before. For the server administrator. */
export async function untilReported(api: Api): Promise<void> {
  for (const service of ['group-service', 'license-service']) while (await isBehind(api, service)) await sleep(LOOK_MS);
  // That something does not exist is said only when everything published before has arrived there, and 503 until then.
  while ((await refusal(api, NO_ACCOUNT)) !== 'NOT_FOUND') await sleep(LOOK_MS);
}

async function refusal(api: Api, path: string): Promise<'NOT_FOUND' | 'UNAVAILABLE'> {
  const answer = await api.ask({ method: 'GET', path });
  if (answer.ok) throw new Error(`${path} exists`);
  const { code } = answer.problem;
  if (code === 'NOT_FOUND' || code === 'UNAVAILABLE') return code;
  throw new UnexpectedRefusal(`GET ${path}`, answer.problem);
}

/** Whether a service has events that it has not processed, or not published. */
async function isBehind(api: Api, service: string): Promise<boolean> {
  const { items } = await api.get<{ items: { behind: number }[] }>(`/${service}/projections`);
  return items.some(({ behind }) => behind > 0);
}
