import { randomUUID } from 'node:crypto';
import { LICENSING_TOPIC } from '@allotree/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { LIMIT, Load } from './load.js';
import { MINUTES, until, type OnACluster } from './on-a-cluster.js';

const SERVICES = [
  'group-service-1',
  'group-service-2',
  'license-service-1',
  'license-service-2',
  'notification-service-1',
];

/** Kills, stops and replaces the processes of a cluster while commands are sent. */
export function describeFaults(on: () => OnACluster): void {
  describe('under load', () => {
    let load: Load;
    const loads: Load[] = [];
    beforeAll(async () => {
      load = await Load.start(on().signIn, 6);
      loads.push(load);
      await load.goesOn();
    }, 2 * MINUTES);
    afterAll(() => Promise.all(loads.map((each) => each.abandon())), MINUTES);

    /** Recovery times are only logged. */
    const tell = (what: string, since: number) =>
      process.stdout.write(`    ${what}: ${((performance.now() - since) / 1_000).toFixed(1)} s\n`);

    it(
      'assigns no unit twice when two replicas decide for one project',
      async () => {
        const { cluster, api, signIn } = on();
        const replicas = ['license-service-1', 'license-service-2'].map(
          (name) => cluster.server(name).address as string,
        );
        const direct = await Load.start(signIn, 1, replicas);
        loads.push(direct);
        await direct.atFullSpeed(() =>
          until(
            () => direct.refused,
            (refused) => refused >= 50,
          ),
        );
        await direct.stop();
        const [[project, assigned] = ['', new Set<string>()]] = direct.assigned;
        const path = `/projects/${project}/groups/${project}`;
        const items = await api.list<{ assignmentId: string }>(`${path}/assignments`);
        expect(items.map(({ assignmentId }) => assignmentId).sort()).toEqual([...assigned].sort());
        expect(items.length).toBeLessThanOrEqual(LIMIT);
      },
      2 * MINUTES,
    );

    it(
      'keeps working while the replicas are replaced one by one',
      async () => {
        const { cluster } = on();
        const before = load.repeated.length;
        for (const name of SERVICES) {
          await load.atFullSpeed(() => cluster.stopProcess(name));
          await load.goesOn();
          await cluster.resumeProcess(name);
          await load.goesOn();
        }
        process.stdout.write(
          `    all replicas replaced, commands that had to be repeated: ${load.repeated.length - before}\n`,
        );
        for (const line of load.repeated.slice(before)) process.stdout.write(`      ${line}\n`);
      },
      3 * MINUTES,
    );

    it.each([...SERVICES, 'nginx', 'kafka', 'redis', 'postgres'])(
      'resumes after %s is killed',
      async (name) => {
        const { cluster, said } = on();
        // Commands are in progress.
        await load.goesOn();
        const before = said.length;
        await cluster.kill(name);
        const killed = performance.now();
        await load.goesOn(killed);
        tell(`${name} killed, commands in every project again after`, killed);
        await until(
          () => said.slice(before).some((line) => line.startsWith(`${name} is running again`)),
          (runsAgain) => runsAgain,
        );
        await load.goesOn();
      },
      3 * MINUTES,
    );

    it(
      'accepts commands while Kafka is down, and publishes the events once it is back',
      async () => {
        const { cluster, api } = on();
        const [project = ''] = load.projects;
        await load.atFullSpeed(() => cluster.stopProcess('kafka'));
        await load.goesOn();
        const { groupId } = await api.post<{ groupId: string }>(`/projects/${project}/groups`, {
          parentId: project,
          type: 'building',
          name: 'Built without Kafka',
        });
        const path = `/projects/${project}/groups/${groupId}/quota`;
        const { url, accessToken } = on().signIn;
        // Nobody can say yet whether the group exists.
        const unknown = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${accessToken}` } });
        expect([unknown.status, unknown.headers.get('retry-after')]).toEqual([503, '1']);
        const quota = () => api.ask({ method: 'GET', path });
        await cluster.resumeProcess('kafka');
        const back = performance.now();
        await until(quota, ({ ok }) => ok);
        tell('kafka back, the license service has heard of a group after', back);
      },
      3 * MINUTES,
    );

    it(
      'accepts commands while Redis is down, and sends mails once it is back',
      async () => {
        const { cluster, api } = on();
        await load.atFullSpeed(() => cluster.stopProcess('redis'));
        await load.goesOn();
        await cluster.resumeProcess('redis');
        const back = performance.now();
        await load.goesOn();
        const { deliveryId } = await api.post<{ deliveryId: string }>('/mail-templates/license_ended/test', {});
        await until(
          () => api.list<{ outboxId: string }>('/outbox'),
          (mails) => mails.some(({ outboxId }) => outboxId === deliveryId),
        );
        tell('redis back, a mail has gone out after', back);
      },
      3 * MINUTES,
    );

    it(
      'resumes when PostgreSQL is back',
      async () => {
        const { cluster } = on();
        await load.atFullSpeed(() => cluster.stopProcess('postgres'));
        expect((await fetch(`${cluster.url}/health/license-service/ready`)).status).toBe(503);
        await cluster.resumeProcess('postgres');
        const back = performance.now();
        await load.goesOn(back);
        tell('postgres back, commands in every project again after', back);
      },
      3 * MINUTES,
    );

    it(
      'executed every acknowledged command once and never exceeded a limit',
      async () => {
        await load.atFullSpeed(() =>
          until(
            () => load.refused,
            (refused) => refused > 0,
          ),
        );
        await load.stop();
        const { api } = on();
        expect(load.refused).toBeGreaterThan(0);
        for (const [project, assigned] of load.assigned) {
          const path = `/projects/${project}/groups/${project}`;
          const quota = await api.get<{
            resources: { sip_number: { limit: number; consumed: number; suspended: number } };
          }>(`${path}/quota`);
          expect(quota.resources.sip_number).toMatchObject({ limit: LIMIT, consumed: assigned.size, suspended: 0 });
          const items = await api.list<{ assignmentId: string }>(`${path}/assignments`);
          expect(items.map(({ assignmentId }) => assignmentId).sort()).toEqual([...assigned].sort());
        }
      },
      2 * MINUTES,
    );

    it(
      'published exactly the recorded events',
      async () => {
        const last = await load.assignLast();
        const published = await publishedAssignments(
          last,
          on().cluster.environment['KAFKA_BROKERS'] as string,
          load.projects,
        );
        expect([...published].sort()).toEqual([...load.everAssigned].sort());
      },
      2 * MINUTES,
    );
  });
}

/** The assignments of these projects on the topic, up to the last ones; the order per project is preserved. */
async function publishedAssignments(
  last: ReadonlySet<string>,
  broker: string,
  projects: readonly string[],
): Promise<Set<string>> {
  const consumer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).consumer({
    groupId: `spec-${randomUUID()}`,
  });
  const published = new Set<string>();
  await consumer.connect();
  await consumer.subscribe({ topic: LICENSING_TOPIC, fromBeginning: true });
  await new Promise<void>((done, failed) => {
    consumer
      .run({
        eachMessage: async ({ message: { headers, value } }) => {
          if (headers?.['ce_type']?.toString() !== 'allotree.assignment-made.v1') return;
          const data = JSON.parse(value?.toString() ?? '') as { projectId: string; assignmentId: string };
          if (projects.includes(data.projectId)) published.add(data.assignmentId);
          if ([...last].every((id) => published.has(id))) done();
        },
      })
      .catch(failed);
  });
  await consumer.disconnect();
  return published;
}
