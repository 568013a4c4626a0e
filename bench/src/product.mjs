import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

const TMP = join(import.meta.dirname, '..', 'tmp');

/**
 * Starts the system in a separate process (with the Node options of this one) and returns a client for it.
 *
 * @param {Record<string, string>} [settings] environment variables of the system
 */
export async function startProduct(databaseUrl, settings = {}) {
  await mkdir(TMP, { recursive: true });
  const dataDir = await mkdtemp(join(TMP, 'server-'));
  const child = fork(join(import.meta.dirname, 'server.mjs'), [], {
    stdio: ['ignore', 2, 2, 'ipc'],
    // As `npm start`.
    execArgv: [...process.execArgv, '--max-semi-space-size=64'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the server exited with ${code}`);
  });
  ended.catch(() => undefined);
  const ask = async (message) => {
    child.send(message);
    const [answer] = await Promise.race([once(child, 'message'), ended]);
    return answer;
  };
  const { url, token, administrator } = await ask({ databaseUrl, dataDir, settings });
  return {
    ...clientOf({ url, token }),
    /** E-mail address and password of the server administrator. */
    administrator,
    /** An access token of this user. */
    tokenOf: (userId) => ask({ tokenOf: userId }),
    /** Data folder of the system, whose session the command line uses. */
    dataDir,
    /**
     * CPU time (microseconds) and memory of the server process so far; its CPU time and the longest delay of its event loop
     * (milliseconds) since the last call.
     */
    usage: () => ask('usage'),
    async stop() {
      child.send('stop');
      await ended.catch(() => undefined);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Sends a request to a running system. */
export function clientOf({ url, token }) {
  const request = async (method, path, body) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  };
  const must = async (method, path, body) => {
    const answer = await request(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    url,
    token,
    request,
    get: (path) => must('GET', path),
    post: (path, body) => must('POST', path, body),
    put: (path, body) => must('PUT', path, body),
  };
}

const PLENTY = { sip_number: 1_000_000_000, mobile_app: 1_000_000_000, ukey2: 1_000_000_000 };
const SOME = { sip_number: 10_000_000, mobile_app: 10_000_000, ukey2: 10_000_000 };

/** Creates a distributor with more units than any benchmark needs. */
export async function registerDistributor(product) {
  const { partnerId } = await product.post('/partners', {
    name: `Nordlicht ${Date.now()}`,
    kind: 'distributor',
    administrator: { name: 'Ada Berg', email: `ada.${Date.now()}@nordlicht.example` },
  });
  const { packageId } = await product.post(`/partners/${partnerId}/packages`, { name: 'Everything', units: PLENTY });
  return { partnerId, packageId };
}

/** Creates an empty project of that distributor with a license. */
export async function createProject(product, { partnerId, packageId }, name) {
  const { projectId } = await product.post('/projects', { name, partnerId });
  await product.post(`/projects/${projectId}/licenses`, { type: 'plus', partnerId, packageId, units: SOME });
  return projectId;
}

/** All groups of a project in order of creation. */
export async function groupsOf(product, projectId, query = '') {
  const groups = [];
  for (let cursor = ''; cursor !== null;) {
    const page = await product.get(
      `/projects/${projectId}/groups?limit=200${query}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    groups.push(...page.items);
    cursor = page.nextCursor;
  }
  return groups;
}

/** Paths of the eight apartments of each of `count` projects with unlimited capacity, known to all services. */
export async function placesToAssign(product, projects) {
  const distributor = await registerDistributor(product);
  const places = [];
  for (let n = 1; n <= projects; n++) {
    const projectId = await createProject(product, distributor, `House ${n}`);
    await product.post(`/projects/${projectId}/groups/generate`, {
      parentId: projectId,
      buildings: { count: 1 },
      units: { count: 1 },
      floors: { count: 2 },
      apartments: { count: 4 },
    });
    const groups = await groupsOf(product, projectId);
    for (const { groupId, type } of groups)
      if (type === 'apartment') places.push({ path: `/api/v1/projects/${projectId}/groups/${groupId}` });
  }
  for (const { path } of places) await product.get(`${path.slice('/api/v1'.length)}/quota`);
  return places;
}
