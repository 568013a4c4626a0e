import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endedCheck } from '@allotree/testing';
import pg from 'pg';
import { WholeSystem, type Answer } from './whole-system.harness.js';

const MINUTE = 60_000;
const FIXTURES = join(import.meta.dirname, '../fixtures/version-0.1');

interface Quota {
  readonly projectId: string;
  readonly groupId: string;
  readonly resources: unknown;
}

const read = async (name: string): Promise<string> => gunzipSync(await readFile(join(FIXTURES, name))).toString();

/**
 * The database of version 0.1.0 after `npm run demo` and `npm run demo -- --file examples/house.yaml`, as SQL, and what that version then
 * answered as the quota of each of its groups.
 */
describe('a database that version 0.1.0 has written', () => {
  let system: WholeSystem;
  let at: string;
  let quotas: readonly Quota[];

  beforeAll(async () => {
    const written = JSON.parse(await read('quotas.json.gz')) as {
      readonly at: string;
      readonly quotas: readonly Quota[];
    };
    ({ at, quotas } = written);
    system = await WholeSystem.start({}, async (connectionString) => {
      const client = new pg.Client({ connectionString });
      await client.connect();
      await client.query(await read('database.sql.gz'));
      await client.end();
    });
  }, 2 * MINUTE);
  afterAll(() => system.stop(), MINUTE);

  const pathOf = ({ projectId, groupId }: Quota): string => `/projects/${projectId}/groups/${groupId}/quota`;

  /** The resources of every group, by group. */
  async function asOf(): Promise<ReadonlyMap<string, unknown>> {
    const answers = new Map<string, unknown>();
    for (const quota of quotas) {
      const { body } = await system.ask('GET', `${pathOf(quota)}/as-of?at=${at}`);
      answers.set(quota.groupId, body.resources);
    }
    return answers;
  }
  const written = (): ReadonlyMap<string, unknown> =>
    new Map(quotas.map(({ groupId, resources }) => [groupId, resources]));
  async function caughtUp(service: string): Promise<void> {
    const isCaughtUp = ({ body }: Answer): boolean =>
      (body.items as { behind: number }[]).every(({ behind }) => behind === 0);
    await system.until(isCaughtUp, () => system.ask('GET', `/${service}/projections`));
  }
  const roots = (): readonly Quota[] => quotas.filter(({ projectId, groupId }) => projectId === groupId);
  /** Until the reporting service has what version 0.1.0 did not publish. */
  async function historyArrived(): Promise<void> {
    for (const root of roots())
      await system.until(
        ({ body }) => JSON.stringify(body.resources) === JSON.stringify(root.resources),
        () => system.ask('GET', `${pathOf(root)}/as-of?at=${at}`),
      );
  }

  it('answers the quotas of then as that version did, for every group', async () => {
    await historyArrived();
    expect(await asOf()).toEqual(written());
  });

  it('answers the same once every projection is computed anew', async () => {
    for (const service of ['group-service', 'license-service', 'reporting-service']) {
      const { items } = await system.must('GET', `/${service}/projections`);
      for (const { name, verifiable } of items as { name: string; verifiable: boolean }[]) {
        if (!verifiable) continue;
        await system.must('POST', `/${service}/projections/${name}/rebuild`);
        const { status } = await endedCheck((path) => system.must('GET', path), service, name);
        expect([name, ['equal', 'different'].includes(status)]).toEqual([name, true]);
      }
      const { checkId } = await system.must('POST', '/license-service/projections/due-work/rebuild');
      expect(checkId).toBe(null);
    }
    for (const service of ['group-service', 'license-service', 'reporting-service']) await caughtUp(service);
    expect(await asOf()).toEqual(written());
  });

  it('takes commands', async () => {
    const [root] = roots();
    const group = { parentId: root?.projectId, type: 'building', name: 'Built later' };
    const { groupId } = await system.must('POST', `/projects/${root?.projectId}/groups`, group);
    const path = `/projects/${root?.projectId}/groups/${groupId}/quota`;
    const { body } = await system.until(
      ({ status }) => status === 200,
      () => system.ask('GET', path),
    );
    expect(body).toMatchObject({ groupId, name: 'Built later' });
  });
});
