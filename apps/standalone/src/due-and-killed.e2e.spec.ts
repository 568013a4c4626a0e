import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OutboxItem } from '@allotree/contracts';
import type { Api } from '@allotree/api-client';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';

const MINUTE = 60_000;
const GROUPS = 12;
/** How long after the end, or after its start, each process is killed (ms). */
const KILLED_AFTER = [0, 150, 400];
const SETTINGS = { DUE_TICK_MS: '100', MAIL_COLLECT_SECONDS: '0', MAIL_LEASE_SECONDS: '5' };

interface HistoryItem {
  readonly what: string;
  readonly at: string;
  readonly groupId: string | null;
}

describe('a process that is killed while terms end', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  beforeAll(async () => {
    bench = await workbench();
  }, MINUTE);
  afterAll(() => bench.clear(), MINUTE);

  /** A project with groups in which a number is in use, each with an administrator of its own. */
  const build = async (api: Api): Promise<{ projectId: string; groups: string[] }> => {
    const administrator = { name: 'Ada Berg', email: 'ada@nordlicht.example' };
    const { partnerId } = await api.post<{ partnerId: string }>('/partners', {
      name: 'Nordlicht',
      kind: 'distributor',
      administrator,
    });
    const units = { sip_number: 500 };
    const { packageId } = await api.post<{ packageId: string }>(`/partners/${partnerId}/packages`, {
      name: 'Plus',
      units,
    });
    const { projectId } = await api.post<{ projectId: string }>('/projects', { name: 'Hafenblick', partnerId });
    await api.post(`/projects/${projectId}/licenses`, { type: 'plus', partnerId, packageId, units });
    const groups: string[] = [];
    for (let n = 1; n <= GROUPS; n += 1) {
      const body = { parentId: projectId, type: 'building', name: `Building ${n}` };
      const { groupId } = await api.post<{ groupId: string }>(`/projects/${projectId}/groups`, body);
      const group = `/projects/${projectId}/groups/${groupId}`;
      await api.post(`${group}/members`, { name: `Admin ${n}`, email: `${n}@x.example`, role: 'site_administrator' });
      await api.post(`${group}/assignments`, { resource: 'sip_number' });
      groups.push(group);
    }
    return { projectId, groups };
  };

  /** Lets all of them end at once, a little later. @returns when (ms) */
  const endAll = async (api: Api, groups: readonly string[]): Promise<number> => {
    const end = Date.now() + 10_000;
    const allotments = [{ type: 'plus', units: { sip_number: 9 }, validUntil: new Date(end).toISOString() }];
    const reminder = { daysBefore: [7], recurrence: 'once' };
    for (const group of groups) await api.put(`${group}/restriction`, { enabled: true, allotments, reminder });
    return end;
  };

  it(
    'writes down every effect once, at its instant, and sends every mail once',
    async () => {
      let system: RunningSystem = await bench.start(SETTINGS);
      const { projectId, groups } = await build(system.api);
      const end = await endAll(system.api, groups);
      for (const after of KILLED_AFTER) {
        // The first one dies at the end itself, those after it while they catch up.
        await sleep(Math.max(after, end + after - Date.now()));
        await system.kill();
        system = await bench.start(SETTINGS);
      }
      const { api } = system;
      const mails = (): Promise<OutboxItem[]> => api.list<OutboxItem>(`/outbox?projectId=${projectId}`);
      const deadline = Date.now() + MINUTE;
      while ((await mails()).length < GROUPS && Date.now() < deadline) await sleep(200);
      // A second copy would come soon after the first.
      await sleep(2_000);
      expect((await mails()).map(({ to, mailType }) => `${mailType} ${to}`).sort()).toEqual(
        Array.from({ length: GROUPS }, (_, n) => `license_ended ${n + 1}@x.example`).sort(),
      );
      const history = await api.list<HistoryItem>(`/projects/${projectId}/history`);
      const at = new Date(end).toISOString();
      const effects = history.filter(({ what }) => /Ended|Suspended/.test(what));
      expect(effects.every((entry) => entry.at === at)).toBe(true);
      for (const what of ['AllotmentsEnded', 'AssignmentsSuspended'])
        expect(effects.filter((entry) => entry.what === what)).toHaveLength(GROUPS);
    },
    4 * MINUTE,
  );
});
