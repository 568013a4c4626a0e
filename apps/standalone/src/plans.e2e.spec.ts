import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, type ProblemAnswer } from '@allotree/api-client';
import type { ApplyPlanAnswer, PlanAnswer } from '@allotree/contracts';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';

const MINUTE = 60_000;
/** An interrupted request holds its key for this long. */
const SETTINGS = { IDEMPOTENCY_LEASE_SECONDS: '1' };

const section = (sip_number: number, mobile_app = 0) => ({ allotments: [{ units: { sip_number, mobile_app } }] });

/** Serial numbers are in one project at a time. */
let projects = 0;

/** A building with 20 units, and what is in use there. */
const file = (numbers: number, devices: number) => ({
  project: {
    name: 'Hafenblick',
    restriction: section(500, 100),
    groups: [
      {
        name: 'Building A',
        type: 'building',
        key: 'ERP-A',
        restriction: section(400, 80),
        groups: Array.from({ length: 20 }, (_, n) => ({
          name: `Unit ${n + 1}`,
          type: 'unit',
          key: `ERP-A-${n + 1}`,
          restriction: section(numbers),
        })),
      },
    ],
  },
  devices: Array.from({ length: devices }, (_, n) => ({
    group: 'Building A',
    serialNumber: `HB-${projects}-${n}`,
    model: 'AA-12',
  })),
  assignments: [{ group: 'Building A / Unit 1', resource: 'sip_number', count: numbers, label: 'Panel {n:2}' }],
});
type File = ReturnType<typeof file>;

describe('a project as a file', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  let system: RunningSystem;
  beforeAll(async () => {
    bench = await workbench();
    system = await bench.start(SETTINGS);
  }, 2 * MINUTE);
  afterAll(() => bench.clear(), MINUTE);

  /** A project with 1,000 numbers. */
  const project = async (): Promise<{ projectId: string; partnerId: string }> => {
    const { api } = system;
    projects += 1;
    const administrator = { name: 'Ada Berg', email: 'ada@nordlicht.example' };
    const name = `Nordlicht ${projects}`;
    const { partnerId } = await api.post<{ partnerId: string }>('/partners', {
      name,
      kind: 'distributor',
      administrator,
    });
    const units = { sip_number: 1_000, mobile_app: 500, ukey2: 50 };
    const recorded = { name: 'Plus', units };
    const { packageId } = await api.post<{ packageId: string }>(`/partners/${partnerId}/packages`, recorded);
    const { projectId } = await api.post<{ projectId: string }>('/projects', { name: 'Hafenblick', partnerId });
    await api.post(`/projects/${projectId}/licenses`, { type: 'plus', partnerId, packageId, units });
    return { projectId, partnerId };
  };
  const plan = (p: string, document: object, prune = false): Promise<PlanAnswer> =>
    system.api.post<PlanAnswer>(`/projects/${p}/plans`, { document, prune });
  const tryApply = (p: string, planId: string) =>
    system.api.ask<ApplyPlanAnswer>({ method: 'POST', path: `/projects/${p}/plans/${planId}/apply`, body: {} });
  /** Goes on until the plan is applied. */
  const apply = async (p: string, planId: string): Promise<void> => {
    for (;;) {
      const answer = await tryApply(p, planId);
      if (!answer.ok) throw new Error(JSON.stringify(answer.problem));
      if (answer.body.status === 'applied') return;
    }
  };
  const refusalOf = async (p: string, planId: string): Promise<ProblemAnswer> => {
    const answer = await tryApply(p, planId);
    if (answer.ok) throw new Error('applied');
    return answer.problem;
  };
  const shown = ({ operations }: PlanAnswer): string[] =>
    operations.map(({ op, kind, path, count }) => `${op} ${kind} ${path}${count === 1 ? '' : ` ${count}`}`);
  const groupsIn = async (p: string): Promise<number> => (await system.api.list(`/projects/${p}/groups`)).length;

  it(
    'is planned, which records nothing, and applied; then its plan is empty, and so is that of the export',
    async () => {
      const { projectId: p } = await project();
      const before = await groupsIn(p);
      const first = await plan(p, file(5, 2));
      expect(first.summary).toEqual({ create: 50, update: 0, move: 0, remove: 0, unchanged: 1 });
      expect(first.refusals).toEqual([]);
      expect(await groupsIn(p)).toBe(before);
      await apply(p, first.planId);
      await apply(p, first.planId);
      const { status } = await system.api.get<PlanAnswer>(`/projects/${p}/plans/${first.planId}`);
      expect(status).toBe('applied');
      const exported = await system.api.get<object>(`/projects/${p}/export`);
      for (const document of [file(5, 2), exported])
        for (const prune of [false, true]) expect(shown(await plan(p, document, prune))).toEqual([]);
    },
    MINUTE,
  );

  it(
    'renames and moves by key, changes a parent and its children together, and removes with prune alone',
    async () => {
      const { projectId: p } = await project();
      await apply(p, (await plan(p, file(5, 2))).planId);
      const next: File = file(30, 1);
      const [building] = next.project.groups;
      building!.name = 'House A';
      building!.restriction = section(50);
      building!.groups = building!.groups.slice(0, 2);
      const document = {
        ...next,
        devices: next.devices.map((device) => ({ ...device, group: 'House A' })),
        assignments: next.assignments.map((units) => ({ ...units, group: 'House A / Unit 1' })),
      };
      const kept = await plan(p, document);
      expect(shown(kept)).toEqual([
        'update group House A',
        'update restriction House A',
        'update restriction House A / Unit 1',
        'update restriction House A / Unit 2',
        'create assignment House A / Unit 1 25',
      ]);
      const pruned = await plan(p, document, true);
      expect(pruned.summary.remove).toBe(19);
      await apply(p, pruned.planId);
      expect(await groupsIn(p)).toBe(4);
      expect(shown(await plan(p, document, true))).toEqual([]);
    },
    MINUTE,
  );

  it(
    'shows all refusals at once, as single requests are refused, and is not applied then',
    async () => {
      const { projectId: p } = await project();
      await apply(p, (await plan(p, file(5, 0))).planId);
      const document = file(5, 0);
      const [building] = document.project.groups;
      const [one, two] = building!.groups;
      one!.restriction = section(401);
      two!.restriction = section(3, 4);
      building!.groups = [one!, { ...two!, restriction: section(402) }];
      const refused = await plan(p, document);
      expect(refused.refusals.map(({ code, path }) => `${code} ${path}`)).toEqual([
        'LIMIT_EXCEEDED Building A / Unit 1',
        'LIMIT_EXCEEDED Building A / Unit 2',
      ]);
      const groups = await system.api.list<{ groupId: string; name: string }>(`/projects/${p}/groups`);
      const { groupId } = groups.find(({ name }) => name === 'Unit 1')!;
      const body = { enabled: true, allotments: [{ type: 'plus', units: { sip_number: 401 } }] };
      const path = `/projects/${p}/groups/${groupId}/restriction`;
      const single = await system.api.ask({ method: 'PUT', path, body });
      expect(single.ok ? null : [single.problem.code, single.problem['available']]).toEqual([
        'LIMIT_EXCEEDED',
        refused.refusals[0]!.facts['available'],
      ]);
      expect((await refusalOf(p, refused.planId)).code).toBe('PLAN_REFUSED');
      const clash = {
        project: { name: 'Hafenblick', groups: [{ name: 'building a', type: 'building', key: 'ERP-A-1' }] },
      };
      expect((await plan(p, clash)).refusals.map(({ code }) => code)).toEqual(['NAME_TAKEN']);
      expect(shown(await plan(p, file(5, 0)))).toEqual([]);
    },
    MINUTE,
  );

  it(
    'is stale where the project has changed so that the plan would be another one, and not otherwise',
    async () => {
      const { projectId: p } = await project();
      const [stale, fresh] = [await plan(p, file(5, 0)), await plan(p, file(5, 0))];
      expect(stale.hash).toBe(fresh.hash);
      const body = { parentId: p, type: 'building', name: 'Building Z' };
      await system.api.post(`/projects/${p}/groups`, body);
      await apply(p, fresh.planId);
      expect((await refusalOf(p, stale.planId)).code).toBe('STALE_PLAN');
    },
    MINUTE,
  );

  it(
    'needs the permissions of single requests, and is its creator’s alone',
    async () => {
      const { projectId: p, partnerId } = await project();
      const key = async (permissions: readonly string[]): Promise<Api> => {
        const body = { name: `Key ${permissions.length}`, permissions, tenantId: partnerId };
        const made = await system.api.post<{ keyId: string; secret: string }>('/api-keys', body);
        const asked = { grant_type: 'client_credentials', client_id: made.keyId, client_secret: made.secret };
        const { access_token: token } = await new Api(system.url, '').post<{ access_token: string }>(
          '/auth/token',
          asked,
        );
        return new Api(system.url, token);
      };
      const reader = await key(['groups:read']);
      const seen = await reader.post<PlanAnswer>(`/projects/${p}/plans`, { document: file(5, 1) });
      expect([...new Set(seen.refusals.map(({ kind, code }) => `${kind} ${code}`))].sort()).toEqual([
        'assignment FORBIDDEN',
        'device FORBIDDEN',
        'group FORBIDDEN',
        'restriction FORBIDDEN',
      ]);
      const writer = await key(['groups:manage', 'devices:manage', 'restrictions:manage', 'assignments:manage']);
      const made = await writer.post<PlanAnswer>(`/projects/${p}/plans`, { document: file(5, 1) });
      expect(made.refusals).toEqual([]);
      const foreign = await reader.ask({ method: 'GET', path: `/projects/${p}/plans/${made.planId}` });
      expect(foreign.ok ? null : foreign.problem.code).toBe('NOT_FOUND');
      await writer.post(`/projects/${p}/plans/${made.planId}/apply`, {});
      expect(shown(await plan(p, file(5, 1)))).toEqual([]);
    },
    MINUTE,
  );

  it(
    'names every mistake of a file, with its place, and the nearest word for an unknown one',
    async () => {
      const { projectId: p } = await project();
      const document = { project: { name: 'Hafenblick', groups: [{ nam: 'A', type: 'barn' }] } };
      const answer = await system.api.ask({ method: 'POST', path: `/projects/${p}/plans`, body: { document } });
      const errors = answer.ok ? [] : (answer.problem['errors'] as { field: string; message: string }[]);
      expect(errors.map(({ field }) => field).sort()).toEqual([
        'document.project.groups[0].nam',
        'document.project.groups[0].name',
        'document.project.groups[0].type',
      ]);
      expect(errors.find(({ field }) => field.endsWith('.nam'))?.message).toContain('did you mean "name"?');
    },
    MINUTE,
  );

  it(
    'goes on after the system was killed in any phase, to the same end',
    async () => {
      for (const phase of ['groups', 'devices', 'restrictions', 'assignments'] as const) {
        const { projectId: p } = await project();
        const { planId } = await plan(p, file(15, 8));
        const path = `/projects/${p}/plans/${planId}`;
        let isOver = false;
        const answered = tryApply(p, planId)
          .catch(() => null)
          .finally(() => {
            isOver = true;
          });
        const isThere = async (): Promise<boolean> =>
          (await system.api.get<PlanAnswer>(path)).progress?.phase === phase;
        while (!isOver && !(await isThere())) await sleep(1);
        await system.kill();
        await answered;
        system = await bench.start(SETTINGS);
        await apply(p, planId);
        const { operations, summary } = await plan(p, file(15, 8), true);
        expect({ operations, unchanged: summary.unchanged }).toEqual({ operations: [], unchanged: 22 + 22 + 8 + 15 });
      }
    },
    5 * MINUTE,
  );
});
