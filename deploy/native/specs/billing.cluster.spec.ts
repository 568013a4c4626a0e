import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { CloudEvent, LicensingEventData } from '@allotree/contracts';
import { Api } from '@allotree/api-client';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { describeOnACluster, MINUTES, statements, until } from './on-a-cluster.js';

const PROJECTS = 20;
/**
 * The processes to kill at the end of each period, and how long after it (ms). Of two replicas, the one that takes over the publishing in the first
 * period is killed in the second one.
 */
const ROUNDS = [
  { 'license-service-1': 20, 'notification-service-1': 150, 'reporting-service-1': 300, 'group-service-1': 300 },
  { 'license-service-2': 150, kafka: 400, 'reporting-service-2': 600, 'group-service-2': 600 },
] as const satisfies readonly Readonly<Record<string, number>>[];
/** Those whose clock decides: when periods end, and when accounts between partners are settled. */
const CLOCKS = ['license-service-1', 'license-service-2', 'reporting-service-1', 'reporting-service-2'];
const SECOND = 1_000;

type Closed = LicensingEventData<'allotree.usage-period-closed.v1'>;
interface Terms {
  readonly period: { readonly from: string; readonly until: string };
}

const CLOSED = 'allotree.usage-period-closed.v1';
const ISSUED = 'allotree.statement-issued.v1';
const SENT = ['allotree.assignment-made.v1', CLOSED, ISSUED];

// Each process has a clock that can be moved. One that is restarted begins with the present again, weeks behind the others.
describeOnACluster(
  'a cluster whose processes are killed while billing periods end and statements are issued',
  (on) => {
    const projects: string[] = [];
    let partnerId: string;
    let database: pg.Client;
    let sink: Server;
    /** What arrived by webhook, in order, also what came twice. */
    const arrived: CloudEvent[] = [];
    beforeAll(async () => {
      const { api, cluster } = on();
      database = new pg.Client({
        connectionString: cluster.environment['DATABASE_URL'],
        options: '-c allotree.tenant=*',
      });
      await database.connect();
      sink = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          arrived.push(JSON.parse(Buffer.concat(chunks).toString()) as CloudEvent);
          response.writeHead(204).end();
        });
      });
      await new Promise<void>((done) => sink.listen(0, '127.0.0.1', done));
      const { port } = sink.address() as AddressInfo;
      await api.post('/webhook-endpoints', { url: `http://127.0.0.1:${port}/`, types: SENT });
      const administrator = { name: 'Nora Nord', email: 'nora@nordlicht.example' };
      const partner = { name: 'Nordlicht', kind: 'distributor', administrator };
      ({ partnerId } = await api.post<{ partnerId: string }>('/partners', partner));
      await api.post(`/partners/${partnerId}/allow-postpaid`, {});
      const created = Array.from({ length: PROJECTS }, (_, index) => {
        const project = { name: `Project ${index}`, partnerId, billingMode: 'postpaid' };
        return api.post<{ projectId: string }>('/projects', project);
      });
      projects.push(...(await Promise.all(created)).map(({ projectId }) => projectId));
      await Promise.all(projects.map((project) => assign(api, project)));
    }, 2 * MINUTES);
    afterAll(async () => {
      sink.close();
      await database.end();
    });

    /** A process that is just being killed does not move its clock. */
    const moveClocks = async (now: string): Promise<void> => {
      const { cluster, signIn } = on();
      const move = (name: string): Promise<unknown> =>
        new Api(cluster.server(name).address as string, signIn.accessToken).put('/test-clock', { now });
      await Promise.allSettled(CLOCKS.map(move));
    };

    /** Moves the clocks past the end of the period, and kills processes while it is closed and billed. */
    const endPeriod = async (end: string, kills: Readonly<Record<string, number>>): Promise<string> => {
      const { cluster, said } = on();
      const now = new Date(Date.parse(end) + SECOND).toISOString();
      const restarts = (name: string): number =>
        said.filter((line) => line.startsWith(`${name} is running again`)).length;
      const before = new Map(Object.keys(kills).map((name) => [name, restarts(name)]));
      const moved = moveClocks(now);
      await Promise.all(
        Object.entries(kills).map(async ([name, after]) => {
          await delay(after);
          await cluster.kill(name);
        }),
      );
      await moved;
      for (const [name, count] of before)
        await until(
          () => restarts(name),
          (again) => again > count,
        );
      return now;
    };

    const documents = async (): Promise<Document[]> => {
      const { rows } = await database.query<Document>(
        `SELECT account_id, number, document_id, hash, content ->> 'previousHash' AS previous FROM reporting.document
         ORDER BY account_id, number`,
      );
      return rows;
    };
    const allIssued = async (): Promise<Document[]> =>
      until(documents, ({ length }) => length === (PROJECTS + 1) * ROUNDS.length);

    it(
      'closes every period once and with exact totals, and records nothing before the end of a closed one',
      async () => {
        const { api } = on();
        let now = '';
        for (const [round, kills] of ROUNDS.entries()) {
          const { period } = await api.get<Terms>(`/projects/${projects[0]}/billing-terms`);
          now = await endPeriod(period.until, kills);
          // Through nginx, so decided by replicas with either clock.
          await Promise.all(projects.map((project) => assign(api, project)));
          for (const project of projects)
            await until(
              () => api.list(`/projects/${project}/usage-periods`),
              (closed) => closed.length === round + 1,
            );
        }
        await moveClocks(now);
        for (const events of await publishedOf(api, projects)) {
          const closed = events.filter((event): event is CloudEvent<Closed> => event.type === CLOSED);
          expect(closed.map(({ data }) => data.from).slice(1)).toEqual(
            closed.map(({ data }) => data.until).slice(0, -1),
          );
          expect(closed).toHaveLength(ROUNDS.length);
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

    it(
      'issues each statement once, as a computation from the first event without a disturbance does, hash by hash',
      async () => {
        const { cluster, dataDir } = on();
        const issued = await allIssued();
        const accounts = [`vendor:${partnerId}`, ...projects.map((project) => `${partnerId}:${project}`)].sort();
        expect(issued.map(({ account_id, number }) => [account_id, number])).toEqual(
          accounts.flatMap((account) => ROUNDS.map((_, round) => [account, round + 1])),
        );
        const verified = await statements(dataDir, 'verify', '--recompute');
        expect(verified.output.split('\n')).toContain(
          `${issued.length} documents of ${accounts.length} accounts, 0 accounts with faults`,
        );
        expect(verified.code).toBe(0);
        const replicas = ['reporting-service-1', 'reporting-service-2'];
        await Promise.all(replicas.map((name) => cluster.stopProcess(name)));
        await database.query(FORGET_BILLING);
        expect(await documents()).toEqual([]);
        await Promise.all(replicas.map((name) => cluster.resumeProcess(name)));
        await moveClocks(new Date(Date.parse(await lastEnd(database)) + SECOND).toISOString());
        expect(await allIssued()).toEqual(issued);
      },
      2 * MINUTES,
    );

    it(
      'announces each of them once on the bus, and delivers every event by webhook, in the order of its subject',
      async () => {
        const { api } = on();
        const issued = await allIssued();
        const events = await until(
          () => eventsOf(api),
          (all) => all.filter(({ type }) => type === ISSUED).length >= issued.length,
        );
        const announced = events.filter(({ type }) => type === ISSUED).map(({ data }) => data as unknown as Announced);
        const hashes = (of: readonly { readonly hash: string }[]): string[] => of.map(({ hash }) => hash).sort();
        expect(hashes(announced)).toEqual(hashes(issued));
        const sent = events.filter(({ type }) => SENT.includes(type));
        await until(
          () => new Set(arrived.map(({ id }) => id)).size,
          (count) => count >= sent.length,
        );
        const firsts = [...new Map(arrived.map((event) => [event.id, event])).values()];
        for (const [subject, expected] of bySubject(sent)) expect(bySubject(firsts).get(subject)).toEqual(expected);
        const { rows } = await database.query(
          'SELECT status, count(*)::integer AS count FROM notifications.webhook_delivery GROUP BY status',
        );
        expect(rows).toEqual([{ status: 'delivered', count: sent.length }]);
      },
      2 * MINUTES,
    );
  },
  {
    TEST_CLOCK: '1',
    DUE_TICK_MS: '100',
    STATEMENT_WAIT_SECONDS: '0',
    WEBHOOKS_ALLOW_INSECURE: 'true',
    // So that the attempts of a killed process are soon made again.
    WEBHOOK_TIMEOUT_SECONDS: '1',
  },
  { reporting: 2 },
);

interface Document {
  readonly account_id: string;
  readonly number: number;
  readonly document_id: string;
  readonly hash: string;
  readonly previous: string | null;
}
interface Announced {
  readonly hash: string;
}

/** Everything that follows from the events, and nothing that a seller decided: there is nothing of that here. */
const FORGET_BILLING = `
  TRUNCATE reporting.account, reporting.billing_terms, reporting.billing_period, reporting.document, reporting.billing_outbox,
    reporting.billing_subject CASCADE;
  UPDATE reporting.billing_position SET position = 0`;

async function lastEnd(database: pg.Client): Promise<string> {
  const { rows } = await database.query<{ at: Date }>(
    "SELECT max((data ->> 'until')::timestamptz) AS at FROM reporting.event WHERE type = $1",
    [CLOSED],
  );
  return rows[0]!.at.toISOString();
}

/** The events of each source about each subject. */
function bySubject(events: readonly CloudEvent[]): ReadonlyMap<string, readonly CloudEvent[]> {
  const all = new Map<string, CloudEvent[]>();
  for (const event of events) {
    const key = `${event.source} ${event.subject}`;
    all.set(key, [...(all.get(key) ?? []), event]);
  }
  return all;
}

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
  const all = await until(
    () => eventsOf(api),
    (events) => events.filter(({ type }) => type === CLOSED).length >= projects.length * ROUNDS.length,
  );
  return projects.map((project) =>
    all.filter(({ subject, source }) => subject === project && source === '/license-service'),
  );
}

async function eventsOf(api: Api): Promise<CloudEvent[]> {
  const events: CloudEvent[] = [];
  for (let after = '', more = true; more;) {
    const query = `limit=500${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`;
    const page = await api.get<{ items: CloudEvent[]; next: string; hasMore: boolean }>(`/events?${query}`);
    events.push(...page.items);
    [after, more] = [page.next, page.hasMore];
  }
  return events;
}

/** The integral of the numbers in use over a period, from their assignments alone: none is ever released. */
const unitMs = (events: readonly CloudEvent[], { data: { from, until: end } }: CloudEvent<Closed>): string =>
  String(
    events
      .filter(({ type, time }) => type === 'allotree.assignment-made.v1' && time < end)
      .map(({ time }) => Date.parse(end) - Math.max(Date.parse(time), Date.parse(from)))
      .reduce((sum, each) => sum + each, 0),
  );
