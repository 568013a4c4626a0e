import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { untilReported, type Api } from '@allotree/api-client';
import { endedCheck } from '@allotree/testing';
import { grantedLogin, workbench, type RunningSystem } from '@allotree/testing/running-system';

const MINUTE = 60_000;
/** How long after a batch of changes each process is killed (ms). */
const KILLED_AFTER = [0, 10, 60];
const BUILDINGS = 20;
const UNITS_EACH = 50;

interface Assigned {
  readonly assignments: readonly { readonly assignmentIds: readonly string[] }[];
}

interface Project {
  readonly projectId: string;
  readonly groups: readonly string[];
  /** Assigned by the last change. */
  readonly assigned: readonly string[];
}

describe('a process that is killed while it writes the tables of the past', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  beforeAll(async () => {
    bench = await workbench();
  }, MINUTE);
  afterAll(() => bench.clear(), MINUTE);

  async function build(api: Api): Promise<Project> {
    const administrator = { name: 'Ada Berg', email: 'ada@nordlicht.example' };
    const partner = { name: 'Nordlicht', kind: 'distributor', administrator };
    const { partnerId } = await api.post<{ partnerId: string }>('/partners', partner);
    const { projectId } = await api.post<{ projectId: string }>('/projects', {
      name: 'Hafenblick',
      partnerId,
      billingMode: 'postpaid',
    });
    const groups: string[] = [];
    for (let n = 1; n <= BUILDINGS; n += 1) {
      const body = { parentId: projectId, type: 'building', name: `Building ${n}` };
      groups.push((await api.post<{ groupId: string }>(`/projects/${projectId}/groups`, body)).groupId);
    }
    return { projectId, groups, assigned: [] };
  }

  /** Every building gets numbers, and gives back those of the change before. */
  async function change(api: Api, { projectId, groups, assigned }: Project): Promise<Project> {
    const body = { assignments: groups.map((groupId) => ({ groupId, resource: 'sip_number', count: UNITS_EACH })) };
    const { assignments } = await api.post<Assigned>(`/projects/${projectId}/assignments`, body);
    if (assigned.length > 0) await api.post(`/projects/${projectId}/releases`, { assignmentIds: assigned });
    return { projectId, groups, assigned: assignments.flatMap(({ assignmentIds }) => assignmentIds) };
  }

  async function rows({ api }: RunningSystem): Promise<Record<string, string[]>> {
    await untilReported(api);
    const client = await grantedLogin(bench.dataDir);
    const all: Record<string, string[]> = {};
    const views = await client.query<{ name: string }>(
      "SELECT viewname AS name FROM pg_views WHERE schemaname = 'analysis'",
    );
    for (const { name } of views.rows) {
      const found = await client.query<{ row: string }>(`SELECT row::text FROM ${name} AS row`);
      all[name] = found.rows.map(({ row }) => row).sort();
    }
    await client.end();
    return all;
  }

  it(
    'leaves the rows that a computation from the first event gives',
    async () => {
      let system = await bench.start();
      let project = await build(system.api);
      for (const after of KILLED_AFTER) {
        project = await change(system.api, project);
        await sleep(after);
        await system.kill();
        system = await bench.start();
      }
      const kept = await rows(system);
      expect(kept['usage_steps']!.length).toBeGreaterThan(BUILDINGS * KILLED_AFTER.length);
      await system.api.post('/reporting-service/projections/tables/rebuild', {});
      const { status, differences } = await endedCheck((path) => system.api.get(path), 'reporting-service', 'tables');
      expect([status, differences]).toEqual(['equal', []]);
      expect(await rows(system)).toEqual(kept);
    },
    4 * MINUTE,
  );
});
