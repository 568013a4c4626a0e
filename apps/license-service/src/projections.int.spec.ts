import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getDataSourceToken } from '@nestjs/typeorm';
import { ancestryOf, RESOURCES, restrictionOf } from '@allotree/domain';
import { ProjectionChecks } from '@allotree/service';
import { mended, tamperWith } from '@allotree/testing';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { DueWork } from './due/due-work.js';
import { LICENSING, LICENSING_SCHEMA } from './persistence/data-source.js';
import { NOW, restriction, Service, units } from './service-under-test.harness.js';

let service: Service;
let plus = '';
beforeAll(async () => {
  service = await Service.start();
  plus = await service.nordlicht();
});
afterAll(() => service.stop());

const GROUPS = ['a', 'b', 'u1', 'u2'];
const group = fc.constantFrom(...GROUPS);
const limits = fc.nat(6).map((count) => units(count, Math.min(count, 3), count));
const request = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('assign' as const), group, resource: fc.constantFrom(...RESOURCES) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), pick: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restrict' as const), group, limits, enabled: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), group, parent: group }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('change' as const), suspend: fc.boolean() }) },
);
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

/** Does what a random day brings; what the rules refuse is refused. */
class Day {
  private readonly made: { groupId: string; assignmentId: string }[] = [];

  constructor(
    private readonly p: string,
    private readonly license: string,
  ) {}

  async live(request: Request): Promise<void> {
    const at = (groupId: string, what: string) => `/projects/${this.p}/groups/${groupId}/${what}`;
    switch (request.do) {
      case 'assign': {
        const { status, body } = await service.post(at(request.group, 'assignments'), { resource: request.resource });
        if (status === 201) this.made.push({ groupId: request.group, assignmentId: body.assignmentId });
        return;
      }
      case 'release': {
        const [released] = this.made.splice(request.pick % Math.max(1, this.made.length), 1);
        if (released) await service.delete(at(released.groupId, `assignments/${released.assignmentId}`));
        return;
      }
      case 'restrict':
        await service.put(at(request.group, 'restriction?cascade=true'), {
          ...restriction(request.limits),
          enabled: request.enabled,
        });
        return;
      case 'move':
        await service
          .fact('allotree.group-moved.v1', { projectId: this.p, groupId: request.group, parentId: request.parent })
          .catch(() => undefined);
        return;
      case 'change':
        await service.post(
          `/projects/${this.p}/licenses/${this.license}/${request.suspend ? 'suspend' : 'reinstate'}`,
          request.suspend ? { reason: 'R' } : {},
        );
        return;
    }
  }
}

interface LimitsRow {
  readonly group_id: string;
  readonly allotments: number[][];
}

/** The tree and the limits of every group, from the rows and from the folded state. */
async function both(p: string): Promise<[rows: object, fold: object]> {
  await service.settled();
  const rows = await service.rows<LimitsRow>(
    `SELECT group_id, json_agg(json_build_array(sip_number, mobile_app, ukey2) ORDER BY allotment_id) AS allotments
     FROM licensing.allotment WHERE project_id = $1 GROUP BY group_id`,
    [p],
  );
  const places = await service.rows<{ group_id: string; path: string[] }>(
    'SELECT group_id, path FROM licensing.license_group WHERE project_id = $1 AND removed_at IS NULL',
    [p],
  );
  const rowsOf = new Map(rows.map(({ group_id: groupId, ...limits }) => [groupId, limits]));
  const pathsOf = new Map(places.map(({ group_id: groupId, path }) => [groupId, path]));
  const ids = [p, ...GROUPS];
  const fromRows = ids.map((groupId) => ({
    groupId,
    path: pathsOf.get(groupId),
    limits: rowsOf.get(groupId) ?? { allotments: [] },
  }));
  const fromFold = await service.projects.read(p, (state) =>
    ids.map((groupId) => {
      const { allotments } = restrictionOf(state, groupId, service.clock.now())!;
      const ordered = allotments.toSorted((one, other) => (one.allotmentId < other.allotmentId ? -1 : 1));
      const unitsOf = ordered.map(({ units: each }) => RESOURCES.map((resource) => each[resource]));
      return { groupId, path: ancestryOf(state, groupId)?.toReversed(), limits: { allotments: unitsOf } };
    }),
  );
  return [fromRows, fromFold];
}

describe('the rows of a project', () => {
  it('say what the fold says, whatever happened, and are mended where they were tampered with', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 5, maxLength: 40 }), async (requests) => {
        const p = `day-${(count += 1)}`;
        await service.project(p);
        await service.groups(p, { a: p, b: p, u1: 'a', u2: 'a' });
        const issue = { type: 'plus', partnerId: 'nordlicht', packageId: plus, units: units(8, 5, 4) };
        const { licenseId } = await service.posted(`/projects/${p}/licenses`, issue);
        const day = new Day(p, licenseId);
        for (const each of requests) await day.live(each);
        const [rows, fold] = await both(p);
        expect(rows).toEqual(fold);
      }),
      { numRuns: 25, endOnFailure: true },
    );
    await service.project('quay', { billingMode: 'postpaid' });
    await service.groups('quay', { 'quay-a': 'quay' });
    await service.posted('/projects/quay/groups/quay-a/assignments', { resource: 'sip_number' });
    service.clock.moveTo('2026-07-02T00:00:00.000Z');
    await service.app.get(DueWork, { strict: false }).untilQuiet();
    await service.settled();
    const { subscriptions } = service;
    const names = subscriptions.projections().filter((name) => subscriptions.replay(name) !== null);
    const projections = Object.fromEntries(names.map((name) => [name, subscriptions.replay(name)!.tables]));
    const found = await tamperWith({
      checks: service.app.get(ProjectionChecks, { strict: false }),
      schema: LICENSING_SCHEMA,
      projections,
      query: (sql) => service.rows(sql),
    });
    service.clock.moveTo(NOW);
    expect(found).toEqual(
      Object.fromEntries(names.map((name) => [name, mended(LICENSING_SCHEMA, projections[name]!)])),
    );
    // The due work follows from more than the events before it: it is emptied instead.
    expect(names.sort()).toEqual(['group-views', 'history', 'license-view', 'usage-periods']);
  });

  it('have the allotments and the tree', async () => {
    const p = 'allotments';
    await service.hafenblick(p, await service.nordlicht());
    const term = { validFrom: '2026-07-01', validUntil: '2026-07-31', features: ['siri', 'elevators'] };
    await service.put(
      `/projects/${p}/groups/u1/restriction`,
      restriction(units(5, 4, 1), term, { gracePeriodDays: 3 }),
    );
    await service.settled();
    const [allotment] = await service.rows('SELECT * FROM licensing.allotment WHERE project_id = $1', [p]);
    const view = await service.projects.read(p, (state) => restrictionOf(state, 'u1', service.clock.now())!);
    expect(allotment).toMatchObject({
      group_id: 'u1',
      allotment_id: view.allotments[0]?.allotmentId,
      sip_number: '5',
      features: ['siri', 'elevators'],
      valid_from: new Date('2026-07-01T00:00:00Z'),
      valid_until: new Date('2026-08-01T00:00:00Z'),
    });
    const tree = await service.rows('SELECT group_id, path FROM licensing.license_group WHERE project_id = $1', [p]);
    expect(tree).toContainEqual({ group_id: 'u1', path: [p, 'a', 'u1'] });
    await service.fact('allotree.group-moved.v1', { projectId: p, groupId: 'a', parentId: 'b' });
    await service.fact('allotree.group-removed.v1', { projectId: p, groupId: 'u2' });
    await service.settled();
    expect(
      await service.rows(
        'SELECT group_id, parent_id, path FROM licensing.license_group WHERE project_id = $1 AND removed_at IS NULL',
        [p],
      ),
    ).toEqual(
      expect.arrayContaining([
        { group_id: p, parent_id: null, path: [p] },
        { group_id: 'a', parent_id: 'b', path: [p, 'b', 'a'] },
        { group_id: 'u1', parent_id: 'a', path: [p, 'b', 'a', 'u1'] },
      ]),
    );
  });
});

describe('the schema', () => {
  it('is the one the entities describe', async () => {
    const dataSource = service.app.get<DataSource>(getDataSourceToken(LICENSING), { strict: false });
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });
});
