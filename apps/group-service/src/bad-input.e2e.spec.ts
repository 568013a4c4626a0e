import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Service, type Answer } from './service-under-test.harness.js';

let service: Service;
let partner: string;
let p: string;
let a: string;
beforeAll(async () => {
  service = await Service.start();
  partner = await service.distributor();
  p = await service.project('P', partner);
  a = await service.group(p, p, 'A');
});
afterAll(() => service.stop());

/** `partner`, `p` and `a` are only known while the specs run. */
const at = (path: string): string => path.replaceAll('{partner}', partner).replaceAll('{p}', p).replaceAll('{a}', a);
const filled = (body: unknown): unknown => (body === undefined ? undefined : JSON.parse(at(JSON.stringify(body))));

const administrator = { name: 'Ada', email: 'ada@nordlicht.example' };
const partnerBody = { name: 'N', kind: 'distributor', administrator };
const projectBody = { name: 'P', partnerId: '{partner}' };
const groupBody = { parentId: '{p}', type: 'unit', name: 'U' };
const generation = { parentId: '{p}', units: { count: 2 } };
const memberBody = { email: 'kim@example.com', name: 'Kim', role: 'user' };
const deviceBody = { serialNumber: 'SN-1', model: 'AA-12' };
const level = (units: object) => ({ parentId: '{p}', units: { count: 2, ...units } });

const long = 'x'.repeat(201);
type BadBody = readonly [path: string, method: string, why: string, body: unknown, field: string];
const BAD_EXTERNAL_IDS: readonly (readonly [why: string, externalId: unknown])[] = [
  ['an empty external id', ''],
  ['blanks for an external id', '  '],
  ['129 characters of external id', 'x'.repeat(129)],
  ['a control character in an external id', 'a\u0000b'],
  ['a line break in an external id', 'a\nb'],
  ['half a character pair in an external id', 'a\ud800b'],
  ['a character in an external id that cannot be seen', 'a\u202eb'],
  ['a number for an external id', 5],
];
const externalIds = (path: string, method: string, body: object): BadBody[] =>
  BAD_EXTERNAL_IDS.map(([why, externalId]) => [path, method, why, { ...body, externalId }, 'externalId']);

const BODIES: readonly BadBody[] = [
  ['/partners', 'POST', 'no name', { ...partnerBody, name: undefined }, 'name'],
  ['/partners', 'POST', 'an empty name', { ...partnerBody, name: '  ' }, 'name'],
  ['/partners', 'POST', 'a number for a name', { ...partnerBody, name: 5 }, 'name'],
  ['/partners', 'POST', 'a name too long', { ...partnerBody, name: long }, 'name'],
  ['/partners', 'POST', 'a control character', { ...partnerBody, name: 'a\u0000b' }, 'name'],
  ['/partners', 'POST', 'half a character pair', { ...partnerBody, name: 'a\ud800b' }, 'name'],
  ['/partners', 'POST', 'an unknown kind', { ...partnerBody, kind: 'wholesaler' }, 'kind'],
  ['/partners', 'POST', 'an unknown field', { ...partnerBody, color: 'red' }, 'color'],
  [
    '/partners',
    'POST',
    'an unknown field further down',
    { ...partnerBody, administrator: { ...administrator, age: 5 } },
    'administrator.age',
  ],
  ['/partners', 'POST', 'no administrator', { ...partnerBody, administrator: undefined }, 'administrator'],
  [
    '/partners',
    'POST',
    'a malformed e-mail address',
    { ...partnerBody, administrator: { name: 'A', email: 'ada' } },
    'administrator.email',
  ],
  ['/partners', 'POST', 'a malformed parent', { ...partnerBody, parentPartnerId: 'a b' }, 'parentPartnerId'],
  [
    '/partners',
    'POST',
    'an unknown time zone',
    { ...partnerBody, objectName: 'O', timeZone: 'Mars/Olympus' },
    'timeZone',
  ],
  [
    '/partners',
    'POST',
    'an offset for a time zone',
    { ...partnerBody, objectName: 'O', timeZone: '+02:00' },
    'timeZone',
  ],
  ['/partners', 'POST', 'a list', [], ''],
  ['/partners', 'POST', 'null', null, ''],
  ['/projects', 'POST', 'no partner', { name: 'P' }, 'partnerId'],
  ['/projects', 'POST', 'a partner that is no id', { ...projectBody, partnerId: '../x' }, 'partnerId'],
  ['/projects', 'POST', 'an unknown billing mode', { ...projectBody, billingMode: 'free' }, 'billingMode'],
  ['/projects', 'POST', 'an unknown field', { ...projectBody, tenantId: 'other' }, 'tenantId'],
  ['/projects/{p}/groups', 'POST', 'no parent', { type: 'unit', name: 'U' }, 'parentId'],
  ['/projects/{p}/groups', 'POST', 'an unknown type', { ...groupBody, type: 'castle' }, 'type'],
  ['/projects/{p}/groups', 'POST', 'an unknown field', { ...groupBody, groupId: 'mine' }, 'groupId'],
  ['/projects/{p}/groups', 'POST', 'an object for a name', { ...groupBody, name: {} }, 'name'],
  ['/projects/{p}/groups/generate', 'POST', 'no level', { parentId: '{p}' }, 'buildings'],
  ['/projects/{p}/groups/generate', 'POST', 'a count of 0', level({ count: 0 }), 'units.count'],
  ['/projects/{p}/groups/generate', 'POST', 'a negative count', level({ count: -1 }), 'units.count'],
  ['/projects/{p}/groups/generate', 'POST', 'a fraction', level({ count: 1.5 }), 'units.count'],
  ['/projects/{p}/groups/generate', 'POST', 'a count above 2^31', level({ count: 2_147_483_648 }), 'units.count'],
  ['/projects/{p}/groups/generate', 'POST', 'a count above 2^53', level({ count: 1e300 }), 'units.count'],
  ['/projects/{p}/groups/generate', 'POST', 'a text for a count', level({ count: '2' }), 'units.count'],
  ['/projects/{p}/groups/generate', 'POST', 'a negative first number', level({ firstNumber: -1 }), 'units.firstNumber'],
  [
    '/projects/{p}/groups/generate',
    'POST',
    'a fractional first number',
    level({ firstNumber: 0.5 }),
    'units.firstNumber',
  ],
  [
    '/projects/{p}/groups/generate',
    'POST',
    'a first number above 2^31',
    level({ firstNumber: 2_147_483_648 }),
    'units.firstNumber',
  ],
  [
    '/projects/{p}/groups/generate',
    'POST',
    'a pattern without a number',
    level({ namePattern: 'Unit' }),
    'units.namePattern',
  ],
  [
    '/projects/{p}/groups/generate',
    'POST',
    'an unknown placeholder',
    level({ namePattern: '{n} {building}' }),
    'units.namePattern',
  ],
  ['/projects/{p}/groups/generate', 'POST', 'an empty pattern', level({ namePattern: '' }), 'units.namePattern'],
  [
    '/projects/{p}/groups/generate',
    'POST',
    'a control character',
    level({ namePattern: '{n}\n' + '\u0007' }),
    'units.namePattern',
  ],
  ['/projects/{p}/groups/generate', 'POST', 'an unknown field', level({ lastNumber: 5 }), 'units.lastNumber'],
  [
    '/projects/{p}/groups/generate',
    'POST',
    'more than 110,000 groups',
    { parentId: '{p}', units: { count: 110_000 }, floors: { count: 2 } },
    'units.count',
  ],
  [
    '/projects/{p}/groups/generate',
    'POST',
    'an unknown restart',
    { parentId: '{p}', apartments: { count: 1, restart: 'door' } },
    'apartments.restart',
  ],
  ['/projects/{p}/groups/{a}', 'PATCH', 'nothing', {}, ''],
  ['/projects/{p}/groups/{a}', 'PATCH', 'an unknown type', { type: 'castle' }, 'type'],
  ['/projects/{p}/groups/{a}', 'PATCH', 'another parent', { name: 'X', parentId: '{a}' }, 'parentId'],
  ['/projects/{p}/groups/{p}', 'PATCH', 'another type of the root', { type: 'unit' }, 'type'],
  ['/projects/{p}/groups/{a}/move', 'POST', 'no parent', {}, 'parentId'],
  ['/projects/{p}/groups/{a}/move', 'POST', 'a list for a parent', { parentId: ['{p}'] }, 'parentId'],
  ['/projects/{p}/groups/{a}/members', 'POST', 'a malformed e-mail address', { ...memberBody, email: 'kim@' }, 'email'],
  [
    '/projects/{p}/groups/{a}/members',
    'POST',
    '65 characters before the @',
    { ...memberBody, email: `${'k'.repeat(65)}@example.com` },
    'email',
  ],
  [
    '/projects/{p}/groups/{a}/members',
    'POST',
    'an unknown role',
    { ...memberBody, role: 'server_administrator' },
    'role',
  ],
  ['/projects/{p}/groups/{a}/members', 'POST', 'an unknown field', { ...memberBody, userId: 'u' }, 'userId'],
  ['/projects/{p}/groups/{a}/devices', 'POST', 'no serial number', { model: 'AA-12' }, 'serialNumber'],
  [
    '/projects/{p}/groups/{a}/devices',
    'POST',
    'a malformed serial number',
    { ...deviceBody, serialNumber: 'a/b' },
    'serialNumber',
  ],
  [
    '/projects/{p}/groups/{a}/devices',
    'POST',
    'a number for a serial number',
    { ...deviceBody, serialNumber: 12 },
    'serialNumber',
  ],
  ['/projects/{p}/groups/{a}/devices', 'POST', 'no model', { serialNumber: 'SN-1' }, 'model'],
  ['/projects/{p}/groups/{a}/devices/SN-1', 'PATCH', 'nothing', {}, 'externalId'],
  [
    '/projects/{p}/groups/{a}/devices/SN-1',
    'PATCH',
    'an unknown field',
    { externalId: 'E', firmware: '2' },
    'firmware',
  ],
  ...externalIds('/projects/{p}/groups', 'POST', groupBody),
  ...externalIds('/projects/{p}/groups/{a}', 'PATCH', {}),
  ...externalIds('/projects/{p}/groups/{a}/members', 'POST', memberBody),
  ...externalIds('/projects/{p}/groups/{a}/devices', 'POST', deviceBody),
  ...externalIds('/projects/{p}/groups/{a}/devices/SN-1', 'PATCH', {}),
];

const QUERIES: readonly [path: string, field: string][] = [
  ['/partners?limit=0', 'limit'],
  ['/partners?limit=201', 'limit'],
  ['/partners?limit=1.5', 'limit'],
  ['/partners?limit=many', 'limit'],
  ['/partners?cursor=!', 'cursor'],
  ['/partners?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OQ', 'cursor'],
  ['/partners?sort=name', 'sort'],
  ['/projects?partnerId=a%20b', 'partnerId'],
  ['/projects?cursor=', 'cursor'],
  ['/projects/{p}/groups?parentId=a%20b', 'parentId'],
  ['/projects/{p}/groups?limit=-1', 'limit'],
  ['/projects/{p}/groups/{a}/members?limit=x', 'limit'],
  ['/projects/{p}/groups/{a}/devices?page=2', 'page'],
  ['/projects/{p}/groups?externalId=', 'externalId'],
  [`/projects/{p}/groups/{a}/members?externalId=${'x'.repeat(129)}`, 'externalId'],
  ['/projects/{p}/groups/{a}/devices?externalId=a%07b', 'externalId'],
  ['/partners/a%20b', 'partnerId'],
  ['/projects/a%20b', 'p'],
  ['/projects/{p}/groups/a%00b', 'g'],
];

const UNKNOWN: readonly [method: string, path: string, body: unknown][] = [
  ['GET', '/partners/nobody', undefined],
  ['POST', '/projects', { ...projectBody, partnerId: 'nobody' }],
  ['GET', '/projects/nowhere', undefined],
  ['GET', '/projects/nowhere/groups', undefined],
  ['GET', '/projects/{p}/groups?parentId=nowhere', undefined],
  ['GET', '/projects/{p}/groups/nowhere', undefined],
  ['GET', '/projects/nowhere/groups/{a}', undefined],
  ['POST', '/projects/nowhere/groups', groupBody],
  ['POST', '/projects/{p}/groups', { ...groupBody, parentId: 'nowhere' }],
  ['POST', '/projects/nowhere/groups/generate', generation],
  ['POST', '/projects/{p}/groups/generate', { ...generation, parentId: 'nowhere' }],
  ['PATCH', '/projects/{p}/groups/nowhere', { name: 'X' }],
  ['PATCH', '/projects/nowhere/groups/{a}', { name: 'X' }],
  ['POST', '/projects/{p}/groups/nowhere/move', { parentId: '{p}' }],
  ['POST', '/projects/{p}/groups/{a}/move', { parentId: 'nowhere' }],
  ['DELETE', '/projects/{p}/groups/nowhere', undefined],
  ['GET', '/projects/{p}/groups/nowhere/members', undefined],
  ['POST', '/projects/{p}/groups/nowhere/members', memberBody],
  ['DELETE', '/projects/{p}/groups/{a}/members/nobody', undefined],
  ['GET', '/projects/{p}/groups/nowhere/devices', undefined],
  ['POST', '/projects/nowhere/groups/{a}/devices', deviceBody],
  ['PATCH', '/projects/{p}/groups/{a}/devices/nothing', { externalId: 'E1' }],
  ['PATCH', '/projects/nowhere/groups/{a}/devices/SN-1', { externalId: 'E1' }],
  ['DELETE', '/projects/{p}/groups/{a}/devices/nothing', undefined],
];

const RAW: readonly [method: string, path: string][] = [
  ['POST', '/partners'],
  ['POST', '/projects'],
  ['POST', '/projects/{p}/groups'],
  ['POST', '/projects/{p}/groups/generate'],
  ['PATCH', '/projects/{p}/groups/{a}'],
  ['POST', '/projects/{p}/groups/{a}/move'],
  ['POST', '/projects/{p}/groups/{a}/members'],
  ['POST', '/projects/{p}/groups/{a}/devices'],
  ['PATCH', '/projects/{p}/groups/{a}/devices/SN-1'],
];

/** Sends it and looks that nothing was recorded. */
const refused = async (
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> => {
  let answer: Answer | undefined;
  const events = await service.recordedWhile(async () => {
    answer = await service.request(method, at(path), typeof body === 'string' ? body : filled(body), headers);
  });
  expect(events).toEqual([]);
  return answer as Answer;
};

describe('bad input', () => {
  it.each(BODIES)('%s %s: %s', async (path, method, _why, body, field) => {
    const answer = await refused(method, path, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION']);
    expect(answer.body.errors).toContainEqual({ field, message: expect.any(String) });
  });

  it.each(QUERIES)('GET %s names %s', async (path, field) => {
    const answer = await refused('GET', path);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION']);
    expect(answer.body.errors).toContainEqual({ field, message: expect.any(String) });
  });

  it.each(UNKNOWN)('%s %s finds nothing', async (method, path, body) => {
    expect(await refused(method, path, body)).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND', what: expect.any(String) },
    });
  });

  it.each(RAW)('%s %s with malformed JSON, another content type and a huge body', async (method, path) => {
    expect(await refused(method, path, '{"name":')).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION', errors: [{ field: '' }] },
    });
    expect(await refused(method, path, 'name=x', { 'content-type': 'application/xml' })).toMatchObject({ status: 415 });
    expect(await refused(method, path, `"${'x'.repeat(1_100_000)}"`)).toMatchObject({
      status: 413,
      body: { code: 'PAYLOAD_TOO_LARGE' },
    });
  });

  it.each(RAW)('%s %s without or with a wrong token', async (method, path) => {
    for (const authorization of ['', 'Bearer x.y.z', 'Basic YTpi']) {
      expect(await refused(method, path, {}, { authorization })).toMatchObject({
        status: 401,
        body: { code: 'UNAUTHENTICATED' },
      });
    }
  });

  it('If-Match without quotes', async () => {
    const answer = await refused('PATCH', '/projects/{p}/groups/{a}', { name: 'Z' }, { 'if-match': 'abc' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION', errors: [{ field: 'If-Match' }] } });
  });

  it.each(['"-1"', '"1.5"', '"99999999999999999999"'])('If-Match %s, no tag of an earlier answer', async (etag) => {
    const answer = await refused('PATCH', '/projects/{p}/groups/{a}', { name: 'Z' }, { 'if-match': etag });
    expect(answer).toMatchObject({ status: 412, body: { code: 'STALE_REVISION' } });
  });

  it('dryRun that is neither true nor false', async () => {
    const answer = await refused('DELETE', '/projects/{p}/groups/{a}?dryRun=maybe');
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'dryRun' }] } });
  });
});

describe('the OpenAPI document', () => {
  it('has every route, with what it is asked and answers', async () => {
    const { body } = await service.get('/openapi.json');
    const routes = Object.entries(body.paths as Record<string, Record<string, { summary?: string; responses: object }>>)
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, route]) => ({ name: `${method} ${path}`, ...route })),
      )
      .filter(({ name }) => /api\/v1\/(partners|projects)/.test(name));
    expect(routes).toHaveLength(41);
    for (const route of routes) {
      expect(route.summary).toEqual(expect.any(String));
      expect(Object.keys(route.responses)).toContain('400');
    }
    const generate = body.paths['/api/v1/projects/{p}/groups/generate'].post;
    expect(Object.keys(generate.requestBody.content['application/json'].schema.properties)).toContain('apartments');
  });
});
