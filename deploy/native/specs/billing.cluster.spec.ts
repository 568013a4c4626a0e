import { setTimeout as delay } from 'node:timers/promises';
import type { CloudEvent, LicensingEventData } from '@allotree/contracts';
import { Api } from '@allotree/api-client';
import { beforeAll, expect, it } from '@jest/globals';
import { describeOnACluster, MINUTES, until } from './on-a-cluster.js';

const PROJECTS = 60;
/** The replica that is killed at the end of each period, and how long after it (ms). */
const KILLS = [
  { replica: 'license-service-1', after: 20 },
  { replica: 'license-service-2', after: 150 },
  { replica: 'license-service-1', after: 400 },
] as const;
const REPLICAS = ['license-service-1', 'license-service-2'];
const SECOND = 1_000;

type Closed = LicensingEventData<'allotree.usage-period-closed.v1'>;
interface Terms {
  readonly period: { readonly from: string; readonly until: string };
}

// Each process has a clock that can be moved. One that is restarted begins with the present again, weeks behind the other.
describeOnACluster(
  'a cluster whose processes are killed while billing periods end',
  (on) => {
    const projects: string[] = [];
    beforeAll(async () => {
      const { api } = on();
      const administrator = { name: 'Nora Nord', email: 'nora@nordlicht.example' };
      const partner = { name: 'Nordlicht', kind: 'distributor', administrator };
      const { partnerId } = await api.post<{ partnerId: string }>('/partners', partner);
      await api.post(`/partners/${partnerId}/allow-postpaid`, {});
      for (let index = 0; index < PROJECTS; index += 1) {
        const project = { name: `Project ${index}`, partnerId, billingMode: 'postpaid' };
        projects.push((await api.post<{ projectId: string }>('/projects', project)).projectId);
      }
      await Promise.all(projects.map((project) => assign(api, project)));
    }, 2 * MINUTES);

    /** Moves the clocks of both replicas past the end of the period, and kills one of them while it closes periods. */
    const endPeriod = async (end: string, { replica, after }: (typeof KILLS)[number]): Promise<void> => {
      const { cluster, signIn, said } = on();
      const now = new Date(Date.parse(end) + SECOND).toISOString();
      const restarts = (): number => said.filter((line) => line.startsWith(`${replica} is running again`)).length;
      const before = restarts();
      const move = (name: string): Promise<unknown> =>
        new Api(cluster.server(name).address as string, signIn.accessToken).put('/test-clock', { now });
      const moved = Promise.allSettled(REPLICAS.map(move));
      await delay(after);
      await cluster.kill(replica);
      await moved;
      await until(restarts, (count) => count > before);
    };

    it(
      'closes every period once and with exact totals, and records nothing before the end of a closed one',
      async () => {
        const { api } = on();
        for (const [round, kill] of KILLS.entries()) {
          const { period } = await api.get<Terms>(`/projects/${projects[0]}/billing-terms`);
          await endPeriod(period.until, kill);
          // Through nginx, so decided by replicas with either clock.
          await Promise.all(projects.map((project) => assign(api, project)));
          for (const project of projects)
            await until(
              () => api.list(`/projects/${project}/usage-periods`),
              (closed) => closed.length === round + 1,
            );
        }
        for (const events of await publishedOf(api, projects)) {
          const closed = events.filter((event): event is CloudEvent<Closed> => event.type === CLOSED);
          expect(closed.map(({ data }) => data.from).slice(1)).toEqual(
            closed.map(({ data }) => data.until).slice(0, -1),
          );
          expect(closed).toHaveLength(KILLS.length);
          for (const close of closed) {
            const place = events.indexOf(close);
            expect(events.slice(0, place).filter(({ time }) => time >= close.time)).toEqual([]);
            expect(events.slice(place + 1).filter(({ time }) => time < close.time)).toEqual([]);
            expect([close.data.until, close.data.totals.sip_number.unitMs]).toEqual([
              close.time,
              unitMs(events, close),
            ]);
          }
        }
      },
      5 * MINUTES,
    );
  },
  { TEST_CLOCK: '1', DUE_TICK_MS: '100' },
);

const CLOSED = 'allotree.usage-period-closed.v1';

/** Assigns a number until that is acknowledged; an attempt whose outcome is unknown may have been accepted. */
async function assign(api: Api, project: string): Promise<void> {
  const call = { method: 'POST', path: `/projects/${project}/groups/${project}/assignments` };
  await until(
    () => api.ask({ ...call, body: { resource: 'sip_number' } }).catch(() => ({ ok: false })),
    ({ ok }) => ok,
  );
}

/** The licensing events of each project, in the order of their publication, once all periods are among them. */
async function publishedOf(api: Api, projects: readonly string[]): Promise<CloudEvent[][]> {
  const pageAfter = (after: string): Promise<{ items: CloudEvent[]; next: string; hasMore: boolean }> =>
    api.get(`/events?limit=500${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`);
  const all = await until(
    async () => {
      const events: CloudEvent[] = [];
      for (let after = '', more = true; more;) {
        const page = await pageAfter(after);
        events.push(...page.items.filter(({ source }) => source === '/license-service'));
        [after, more] = [page.next, page.hasMore];
      }
      return events;
    },
    (events) => events.filter(({ type }) => type === CLOSED).length >= projects.length * KILLS.length,
  );
  return projects.map((project) => all.filter(({ subject }) => subject === project));
}

/** The integral of the numbers in use over a period, from their assignments alone: none is ever released. */
const unitMs = (events: readonly CloudEvent[], { data: { from, until: end } }: CloudEvent<Closed>): string =>
  String(
    events
      .filter(({ type, time }) => type === 'allotree.assignment-made.v1' && time < end)
      .map(({ time }) => Date.parse(end) - Math.max(Date.parse(time), Date.parse(from)))
      .reduce((sum, each) => sum + each, 0),
  );
