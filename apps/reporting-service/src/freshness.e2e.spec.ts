import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Service } from './service-under-test.harness.js';
import { TablesProjection } from './tables/tables-projection.js';
import { aboutGroups, aboutLicensing, at, PROJECT } from './tables/history.fixture.js';

const assigned = (assignmentId: string) => ({
  assignmentId,
  groupId: 'hafenblick',
  resource: 'sip_number' as const,
  path: ['hafenblick'],
});

let service: Service;
beforeAll(async () => {
  service = await Service.start({ REPORTING_WAIT_MS: '0' });
  const groups = aboutGroups('hafenblick');
  const licensing = aboutLicensing('hafenblick');
  await service.publish(
    groups(0, 'allotree.project-created.v1', PROJECT),
    groups(0, 'allotree.group-changed.v1', { groupId: 'hafenblick', type: 'company', name: 'Hafenblick' }),
    groups(0, 'allotree.group-changed.v1', { groupId: 'hafenblick', type: 'company', name: 'Hafenblick' }),
    licensing(1, 'allotree.assignment-made.v1', assigned('one')),
    licensing(2, 'allotree.assignment-made.v1', assigned('two')),
  );
  await service.untilProjected();
});
afterAll(() => service.stop());

const period = `resource=sip_number&from=${at(0).toISOString()}&to=${at(3).toISOString()}`;
const GROUP = '/projects/hafenblick/groups/hafenblick';
const ROUTES = [
  `${GROUP}/quota/as-of?`,
  `${GROUP}/quota/why?resource=sip_number&`,
  `${GROUP}/quota/diff?from=${at(0).toISOString()}&to=${at(3).toISOString()}&`,
  `${GROUP}/usage?${period}&`,
  `/projects/hafenblick/usage/top?${period}&`,
  '/projects/hafenblick/tree?',
];

describe('atLeast', () => {
  it.each(ROUTES)('%s answers once the command is in the tables, and else says how far they are', async (route) => {
    const ask = (etag: string) => service.get(`${route}atLeast=${encodeURIComponent(etag)}`);
    for (const etag of ['0', '1', '"1"', 'groups:2', 'groups:"2"']) expect((await ask(etag)).status).toBe(200);
    const late = await ask('2');
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1']);
    expect(late.body).toMatchObject({
      code: 'UNAVAILABLE',
      source: 'license-service',
      expectedRevision: 2,
      revision: 1,
    });
    expect((await ask('groups:3')).body).toMatchObject({ source: 'group-service', expectedRevision: 3, revision: 2 });
    for (const bad of ['', 'x', '-1', 'W/"1"', 'licenses:1', '"1', '1, 2']) expect((await ask(bad)).status).toBe(400);
  });

  it('refuses strangers as everything else does', async () => {
    const stranger = await service.key('sued', 'key', ['quotas:read']);
    expect((await service.get(`${GROUP}/quota/as-of?atLeast=7`, stranger)).status).toBe(404);
  });

  it('waits for all events that were cut from one list', async () => {
    await service.app.get(TablesProjection, { strict: false }).onModuleDestroy();
    await service.rows(
      'UPDATE reporting.tables_position SET position = (SELECT max(position) - 1 FROM reporting.event)',
    );
    expect((await service.get(`${GROUP}/quota/as-of?atLeast=1`)).status).toBe(503);
    expect((await service.get(`${GROUP}/quota/as-of?atLeast=0`)).status).toBe(200);
  });
});
