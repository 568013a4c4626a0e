import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { signUp } from './signed-up.fixture.js';
import { WholeSystem, type Answer } from './whole-system.harness.js';

jest.setTimeout(120_000);

/** They set many things, or terms of a later period, so no GET returns their body. */
const NO_SETTINGS = ['PUT /device-catalogue', 'PUT /projects/{p}/restrictions', 'PUT /accounts/{accountId}/terms'];

interface Setting {
  readonly path: string;
  /** Where its GET is, if elsewhere. */
  readonly read?: () => Promise<Answer>;
  /** A read-only member with another value. */
  readonly foreign: Readonly<Record<string, unknown>>;
  readonly token?: string;
}

let system: WholeSystem;
let settings: Readonly<Record<string, Setting>>;

const UNITS = { sip_number: 5, mobile_app: 3, ukey2: null };

async function makeSettings(): Promise<Readonly<Record<string, Setting>>> {
  const must = system.must.bind(system);
  const administrator = { name: 'Ada', email: 'ada@nordlicht.example' };
  const { partnerId } = await must('POST', '/partners', { kind: 'distributor', name: 'Nordlicht', administrator });
  const { projectId: p } = await must('POST', '/projects', { name: 'Hafenblick', partnerId });
  const { licenseId } = await must('POST', `/projects/${p}/licenses`, { type: 'trial', externalId: 'ERP-1' });
  const licenseItem = async (): Promise<Answer> => {
    const { status, body } = await system.ask('GET', `/projects/${p}/licenses?externalId=ERP-1`);
    return { status, body: body.items[0] };
  };
  const { groupId: g } = await must('POST', `/projects/${p}/groups`, { parentId: p, type: 'building', name: 'A' });
  const group = `/projects/${p}/groups/${g}`;
  const { userId } = await must('POST', `${group}/members`, { email: 'eva@example.com', name: 'Eva', role: 'user' });
  await must('POST', `${group}/devices`, { serialNumber: 'SN1', model: 'AA-12', externalId: 'ERP-1' });
  const deviceItem = async (): Promise<Answer> => {
    const { status, body } = await system.ask('GET', `${group}/devices?externalId=ERP-1`);
    const { addedAt: _, ...device } = body.items[0];
    return { status, body: device };
  };
  await must('PUT', `${group}/restriction`, {
    enabled: true,
    poolMode: 'reserved',
    gracePeriodDays: 3,
    allotments: [{ type: 'plus', units: UNITS, features: ['siri'] }],
    reminder: { daysBefore: [7, 3], recurrence: 'daily', recipients: 'members' },
  });
  const { assignmentId } = await must('POST', `${group}/assignments`, { resource: 'sip_number', externalId: 'ERP-1' });
  const assignmentItem = async (): Promise<Answer> => {
    const { status, body } = await system.ask('GET', `${group}/assignments?externalId=ERP-1`);
    return { status, body: body.items[0] };
  };
  await must('PUT', `${group}/members/${userId}/limits`, { limits: { mobile_app: 1 }, featuresOff: ['siri'] });
  await must('PUT', `/projects/${p}/billing-terms`, { interval: 'P3M', anchorDay: 31 });
  const hook = { url: 'https://8.8.8.8/', tenantId: partnerId, subjects: ['nothing'] };
  const { endpointId } = await must('POST', '/webhook-endpoints', hook);
  const roles = `/roles?tenantId=${partnerId}`;
  const { roleId } = await must('POST', roles, { name: 'Technician', permissions: ['groups:read'] });
  const template = `/mail-templates/license_ended?tenantId=${partnerId}`;
  const { subject, html } = await must('GET', template);
  await must('PUT', template, { subject: `${subject} at Nordlicht`, html });
  const roleItem = async (): Promise<Answer> => {
    const { status, body } = await system.ask('GET', roles);
    return { status, body: body.items.find((item: { roleId: string }) => item.roleId === roleId) };
  };
  const G = '/projects/{p}/groups/{g}';
  return {
    [`PATCH ${G}`]: { path: group, foreign: { parentId: g } },
    [`PATCH ${G}/devices/{serialNumber}`]: {
      path: `${group}/devices/SN1`,
      read: deviceItem,
      foreign: { model: 'BB-12' },
    },
    'PATCH /projects/{p}/licenses/{l}': {
      path: `/projects/${p}/licenses/${licenseId}`,
      read: licenseItem,
      foreign: { type: 'plus' },
    },
    [`PATCH ${G}/assignments/{a}`]: {
      path: `${group}/assignments/${assignmentId}`,
      read: assignmentItem,
      foreign: { resource: 'ukey2' },
    },
    [`PUT ${G}/restriction`]: { path: `${group}/restriction`, foreign: { groupId: p } },
    [`PUT ${G}/members/{u}/limits`]: {
      path: `${group}/members/${userId}/limits`,
      read: () => system.ask('GET', `${group}/members/${userId}/quota`),
      foreign: { userId: 'somebody-else' },
    },
    'PUT /projects/{p}/billing-terms': { path: `/projects/${p}/billing-terms`, foreign: { timeZone: 'UTC+1' } },
    'PATCH /webhook-endpoints/{endpointId}': {
      path: `/webhook-endpoints/${endpointId}`,
      foreign: { createdBy: 'somebody-else' },
    },
    'PUT /roles/{roleId}': {
      path: `/roles/${roleId}?tenantId=${partnerId}`,
      read: roleItem,
      foreign: { roleId: 'user' },
    },
    'PUT /mail-templates/{mailType}': { path: template, foreign: { tenantId: 'somebody-else' } },
    'PATCH /me': {
      path: '/me',
      token: await signUp(system, 'kim@example.com'),
      foreign: { email: 'somebody.else@example.com' },
    },
  };
}

beforeAll(async () => {
  system = await WholeSystem.start({ GROUP_FEED_WAIT_MS: '60000' });
  settings = await makeSettings();
});
afterAll(() => system.stop());

describe('every setting', () => {
  const read = ({ path, token, read: elsewhere }: Setting): Promise<Answer> =>
    elsewhere?.() ?? system.ask('GET', path, { token });

  it('of the OpenAPI document is in the table of this spec', async () => {
    const { body } = await system.ask('GET', '/openapi.json');
    const routes = Object.entries(body.paths as Record<string, object>).flatMap(([path, operations]) =>
      Object.keys(operations)
        .filter((method) => method === 'put' || method === 'patch')
        .map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
    );
    expect(routes.sort()).toEqual([...Object.keys(settings), ...NO_SETTINGS].sort());
  });

  it('accepts the body that its GET returned, and stays as it is', async () => {
    for (const [route, setting] of Object.entries(settings)) {
      const before = await read(setting);
      const [method = ''] = route.split(' ');
      const { status, body } = await system.ask(method, setting.path, { token: setting.token, body: before.body });
      expect({ route, status, body }).toEqual({ route, status: 200, body: before.body });
      expect({ route, ...(await read(setting)) }).toEqual({ route, ...before });
    }
  });

  it('refuses a read-only member with another value, and stays as it is', async () => {
    for (const [route, setting] of Object.entries(settings)) {
      const before = await read(setting);
      const [method = ''] = route.split(' ');
      const changed = { ...before.body, ...setting.foreign };
      const { status, body } = await system.ask(method, setting.path, { token: setting.token, body: changed });
      const fields = (body.errors as { field: string }[] | undefined)?.map(({ field }) => field);
      expect({ route, status, fields }).toEqual({ route, status: 400, fields: Object.keys(setting.foreign) });
      expect({ route, ...(await read(setting)) }).toEqual({ route, ...before });
    }
  });
});
