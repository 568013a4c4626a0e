import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROBLEMS, problemType, type ProblemCode } from '@allotree/contracts';
import { describe, expect, it } from '@jest/globals';
import { startCluster } from '../cluster.mjs';
import { describeOutsideReader } from './outside-reader.fixture.js';
import { accesses, demo, MINUTES, root, until, type OnACluster } from './on-a-cluster.js';

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const routesOf = ({ paths }: OpenApi): string[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );

const openApiAt = async (address: string): Promise<OpenApi> =>
  (await (await fetch(`${address}/api/v1/openapi.json`)).json()) as OpenApi;

/** A caller sees this of a new cluster with two replicas of each service except the notification service. */
export function describeFrontDoor(on: () => OnACluster): void {
  let running: ReturnType<typeof demo> | undefined;
  /** The first run of the demo. */
  const theDemo = () => (running ??= demo(on().dataDir));

  describe('its front door', () => {
    it(
      'runs the worked example end to end, and changes nothing the second time',
      async () => {
        const first = await theDemo();
        expect(first).toMatchObject({ code: 0, output: expect.stringContaining('8 refused as expected.') });
        expect(first.output).toMatch(/│ {3}Building A +│ active +│ 80 of 80, 0 free +│ 55 of 60/);
        expect(first.output).toMatch(/│ {3}Building B +│ active +│ 10 of 126, 36 free/);
        const second = await demo(on().dataDir);
        expect(second.code).toBe(0);
        expect(second.output).toMatch(/^0 done, \d+ already so, 7 refused as expected\.$/m);
      },
      3 * MINUTES,
    );

    describeOutsideReader(on, theDemo);

    it('routes every route of each service to a replica of that service', async () => {
      const { cluster, dataDir } = on();
      const owners = new Map<string, string[]>();
      for (const { address } of cluster.processes.filter((each) => each.name.includes('-service-')))
        for (const route of routesOf(await openApiAt(address)))
          owners.set(route, [...(owners.get(route) ?? []), address.replace('http://', '')]);
      const routes = [...owners.keys()];
      expect(routes.length).toBeGreaterThan(50);
      for (const [index, route] of routes.entries()) {
        const [method = '', path = ''] = route.split(' ');
        await fetch(`${cluster.url}${path.replace(/\{[^}]+\}/g, 'none')}`, {
          method,
          headers: { 'x-correlation-id': `route-${index}` },
          // Following would be another request with this id.
          redirect: 'manual',
        });
      }
      const seen = await until(
        async () => (await accesses(dataDir)).filter(({ correlationId }) => correlationId.startsWith('route-')),
        ({ length }) => length === routes.length,
      );
      const servedBy = new Map(seen.map(({ correlationId, servedBy }) => [correlationId, servedBy]));
      const strays = routes.filter(
        (route, index) => !owners.get(route)?.includes(servedBy.get(`route-${index}`) ?? ''),
      );
      expect(strays).toEqual([]);
    });

    it('serves the console and the pages that links in mails lead to, and nothing else outside the API', async () => {
      const { cluster } = on();
      const statusOf = async (path: string): Promise<number> => (await fetch(`${cluster.url}${path}`)).status;
      const pages = ['/', '/sign-in', '/password', '/invitations', '/registrations', '/projects/p/groups/g', '/audit'];
      const html = async (path: string): Promise<string> => (await fetch(`${cluster.url}${path}`)).text();
      const [script] = /\/console\/[\w.-]+\.js/.exec(await html('/')) ?? [];
      expect(await html('/invitations')).toBe(await html('/'));
      for (const path of [...pages, script ?? '/console/none'])
        expect([path, await statusOf(path)]).toEqual([path, 200]);
      for (const path of [
        '/metrics',
        '/link-pages/page.js',
        '/passwords',
        '/link-pages/../metrics',
        '/console/none.js',
        '/console/',
      ])
        expect([path, await statusOf(path)]).toEqual([path, 404]);
    });

    it('serves one OpenAPI description with every route of all services', async () => {
      const { cluster } = on();
      const replicas = cluster.processes.filter(({ name }) => name.endsWith('-service-1'));
      const described = await Promise.all(replicas.map(async ({ address }) => routesOf(await openApiAt(address))));
      const whole = await openApiAt(cluster.url);
      expect(new Set(routesOf(whole))).toEqual(new Set(described.flat()));
      expect(whole).toEqual(JSON.parse(await readFile(join(root, 'docs/reference/openapi.json'), 'utf8')));
    });

    it('passes each change on a stream at once, from nginx and from every replica, whichever recorded it', async () => {
      const { cluster, api, signIn } = on();
      const [project] = await api.list<{ projectId: string }>('/projects');
      const path = `/api/v1/projects/${project!.projectId}`;
      const replicas = cluster.processes.filter(({ name }) => name.startsWith('reporting-service-'));
      expect(replicas.length).toBeGreaterThan(1);
      const ending = new AbortController();
      const headers = { authorization: `Bearer ${signIn.accessToken}`, 'accept-encoding': 'gzip' };
      const streams = await Promise.all(
        [cluster.url, ...replicas.map(({ address }) => address)].map(async (address) => {
          const response = await fetch(`${address}${path}/changes`, { headers, signal: ending.signal });
          expect([response.status, response.headers.get('content-encoding')]).toEqual([200, null]);
          return response.body!.pipeThrough(new TextDecoderStream()).getReader();
        }),
      );
      const received = async (reader: (typeof streams)[number], text: string): Promise<void> => {
        for (let all = ''; !all.includes(text);) all += (await reader.read()).value ?? '';
      };
      await Promise.all(streams.map((reader) => received(reader, 'event: open')));
      const body = { parentId: project!.projectId, type: 'building', name: 'Building of the streams' };
      await api.post(`/projects/${project!.projectId}/groups`, body);
      await Promise.all(streams.map((reader) => received(reader, '"groups"')));
      ending.abort();
    });

    it('sends all requests of a project to one replica, and distributes projects', async () => {
      const { cluster, dataDir } = on();
      const projects = Array.from({ length: 16 }, (_, index) => `some-${index}`);
      for (const project of projects)
        for (let time = 0; time < 3; time += 1) await fetch(`${cluster.url}/api/v1/projects/${project}/licenses`);
      const seen = await until(
        async () => (await accesses(dataDir)).filter(({ path }) => path.startsWith('/api/v1/projects/some-')),
        ({ length }) => length === projects.length * 3,
      );
      const replicasOf = projects.map((project) => [
        ...new Set(seen.filter(({ path }) => path.includes(`/${project}/`)).map(({ servedBy }) => servedBy)),
      ]);
      expect(replicasOf.map(({ length }) => length)).toEqual(projects.map(() => 1));
      expect(new Set(replicasOf.flat()).size).toBe(2);
    });

    it('keeps the correlation id of the caller, or generates one', async () => {
      const { cluster } = on();
      const idOf = async (headers: Record<string, string>) =>
        (await fetch(`${cluster.url}/api/v1/partners`, { headers })).headers.get('x-correlation-id');
      const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
      expect(await idOf({ 'x-correlation-id': 'mine-1' })).toBe('mine-1');
      expect(await idOf({ traceparent: `00-${trace}-00f067aa0ba902b7-01` })).toBe(trace);
      expect(await idOf({ 'x-correlation-id': '"quoted"' })).toMatch(/^[0-9a-f]{32}$/);
    });

    const problemIn = async (response: Response, code: ProblemCode) => {
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject({
        type: problemType(code),
        ...PROBLEMS[code],
        code,
        detail: expect.any(String),
        correlationId: response.headers.get('x-correlation-id'),
      });
      expect(response.status).toBe(PROBLEMS[code].status);
    };

    it('returns problems like the services', async () => {
      const { url } = on().cluster;
      await problemIn(await fetch(`${url}/nowhere?"=1`), 'NOT_FOUND');
      await problemIn(await fetch(`${url}/metrics`), 'NOT_FOUND');
      await problemIn(
        await fetch(`${url}/api/v1/partners`, { method: 'POST', body: 'x'.repeat(1_100_000) }),
        'PAYLOAD_TOO_LARGE',
      );
      await problemIn(
        await fetch(`${url}/api/v1/partners`, { headers: { 'x-long': 'x'.repeat(40_000) } }),
        'VALIDATION',
      );
      await problemIn(await fetch(`${url}/api/v1/partners`), 'UNAUTHENTICATED');
    });

    it('reports when a service is down and when it is back', async () => {
      const { cluster, api } = on();
      await cluster.stopProcess('notification-service-1');
      await problemIn(await fetch(`${cluster.url}/api/v1/outbox`), 'UNAVAILABLE');
      await problemIn(await fetch(`${cluster.url}/api/v1/mail-templates/x/test`, { method: 'POST' }), 'UNAVAILABLE');
      expect((await fetch(`${cluster.url}/health/license-service/ready`)).status).toBe(200);
      await cluster.resumeProcess('notification-service-1');
      const answer = await until(
        () => api.ask({ method: 'GET', path: '/outbox' }),
        ({ ok }) => ok,
      );
      expect(answer.ok).toBe(true);
    });

    it('restarts a process that has died', async () => {
      const { cluster, said } = on();
      const pidOf = (name: string) => cluster.processes.find((each) => each.name === name)?.pid;
      const before = pidOf('group-service-2');
      await cluster.kill('group-service-2');
      await until(
        () => pidOf('group-service-2'),
        (pid) => pid !== null && pid !== before,
      );
      await until(
        () => said.join('\n'),
        (text) => text.includes('group-service-2 is running again'),
      );
      expect(said.join('\n')).toContain('group-service-2 has stopped, restarting it.');
    });

    it('locks its data folder', async () => {
      await expect(startCluster({ dataDir: on().dataDir, backends: [] })).rejects.toThrow(`(process ${process.pid})`);
    });
  });
}
