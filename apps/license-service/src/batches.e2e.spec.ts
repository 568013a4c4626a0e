import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NOW, restriction, Service, units } from './service-under-test.harness.js';

let service: Service;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());

let count = 0;
let p = '';
beforeEach(async () => {
  p = `hafenblick-${(count += 1)}`;
  await service.hafenblick(p, await service.nordlicht());
});

type Headers = Record<string, string>;
const path = (route: string) => `/projects/${p}/${route}`;
const restrict = (list: unknown, query = '', headers: Headers = {}) =>
  service.put(path(`restrictions${query}`), { restrictions: list }, headers);
const assign = (list: unknown, more: object = {}, headers: Headers = {}, query = '') =>
  service.post(path(`assignments${query}`), { assignments: list, ...more }, headers);
const release = (assignmentIds: unknown, headers: Headers = {}, query = '') =>
  service.post(path(`releases${query}`), { assignmentIds }, headers);
const quotas = (groupIds: unknown, headers: Headers = {}) => service.post(path('quotas'), { groupIds }, headers);

const section = (groupId: string, numbers: number, more: object = {}) => ({
  groupId,
  ...restriction(units(numbers), more),
});
const line = (groupId: string, resource: string, more: object = {}) => ({ groupId, resource, ...more });
const whyOf = (groupId: string): string =>
  `/projects/${p}/groups/${groupId}/quota/why?resource=sip_number&at=${encodeURIComponent(NOW)}`;
const NO_EFFECTS = { suspended: [], reinstated: [], released: [], clamped: [] };

const recorded = async (work: () => Promise<unknown>) => (await service.recordedWhile(work)).map(({ type }) => type);
/** Neither recorded nor published. */
async function nothingHappens(work: () => Promise<unknown>): Promise<void> {
  const before = (await service.published(p)).length;
  expect(await recorded(work)).toEqual([]);
  expect(await service.published(p)).toHaveLength(before);
}

describe('PUT /projects/{p}/restrictions', () => {
  it('raises and lowers a parent and its child together, whatever their order', async () => {
    const steps = [
      [section('a', 80), section('u1', 50)],
      [section('u1', 90), section('a', 100)],
      [section('a', 20), section('u1', 10)],
    ];
    for (const list of steps)
      expect(await restrict(list)).toMatchObject({
        status: 200,
        etag: expect.stringMatching(/^"\d+"$/),
        body: { changed: 2, unchanged: 0, effects: NO_EFFECTS },
      });
    const { body } = await service.get(`/projects/${p}/groups/u1/restriction`);
    expect(body).toMatchObject({ allotments: [{ units: units(10) }] });
    expect(await recorded(() => restrict([...steps[2]!].reverse()))).toEqual([]);
  });

  it('names every refused item at once, and records and publishes nothing', async () => {
    await restrict([section('a', 80), section('u1', 50)]);
    await nothingHappens(async () => {
      const list = [section('a', 90), section('u2', 95), section('elsewhere', 1), section('b', 121), section('u1', 60)];
      expect(await restrict(list)).toMatchObject({
        status: 409,
        body: {
          code: 'BATCH_REFUSED',
          items: [
            { index: 1, code: 'LIMIT_EXCEEDED', requested: 95, available: 90, limitedBy: { groupId: 'a' }, at: NOW },
            { index: 2, code: 'NOT_FOUND', what: 'group', id: 'elsewhere', detail: expect.any(String) },
            {
              index: 3,
              code: 'LIMIT_EXCEEDED',
              title: 'Limit exceeded',
              limitedBy: { groupId: null },
              why: whyOf('b'),
            },
          ],
        },
      });
    });
  });

  it('previews, clamps with cascade, and is carried out once for an idempotency key and at one revision', async () => {
    const { etag } = await restrict([section('a', 80), section('u1', 50)]);
    await assign([line('u1', 'sip_number', { count: 45 })]);
    await nothingHappens(async () => {
      expect(await restrict([section('a', 40)])).toMatchObject({
        status: 409,
        body: { items: [{ index: 0, code: 'DESCENDANTS_AFFECTED', groups: [{ groupId: 'u1' }] }] },
      });
      expect(await restrict([section('a', 40)], '?dryRun=true&cascade=true')).toMatchObject({
        status: 200,
        body: {
          events: [{ type: 'RestrictionChanged' }, { type: 'AllotmentsClamped' }, { type: 'AssignmentsSuspended' }],
          effects: { clamped: ['u1'], suspended: [{ groupId: 'u1', resource: 'sip_number', count: 5 }] },
        },
      });
      expect(await restrict([section('a', 40)], '?cascade=true', { 'if-match': etag! })).toMatchObject({ status: 412 });
    });
    const once = { 'idempotency-key': `lower-${p}` };
    const send = () => restrict([section('a', 40)], '?cascade=true', once);
    const answers: unknown[] = [];
    expect(await recorded(async () => answers.push(await send(), await send()))).toHaveLength(3);
    expect(answers[0]).toMatchObject({ status: 200, body: { changed: 1, effects: { clamped: ['u1'] } } });
    expect(answers[1]).toEqual(answers[0]);
  });

  it('takes 10,000 groups, which is more than other routes take', async () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => `apartment-${n}`);
    for (let from = 0; from < ids.length; from += 1_000)
      await service.groups(p, Object.fromEntries(ids.slice(from, from + 1_000).map((id) => [id, 'a'])));
    const list = ids.map((id) => section(id, 2, { features: ['siri', 'elevators'], validUntil: '2026-11-30' }));
    expect(JSON.stringify(list).length).toBeGreaterThan(1_048_576);
    expect(await restrict(list)).toMatchObject({ status: 200, body: { changed: 10_000 } });
    expect(await restrict([...list, section('b', 1)])).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'restrictions' }] },
    });
    expect(await quotas(ids.slice(0, 1_000))).toMatchObject({ status: 200, body: { quotas: { length: 1_000 } } });
  });
});

describe('POST /projects/{p}/assignments', () => {
  it('assigns numbers and their apps in one event, for projections, history and the bus', async () => {
    const before = (await service.published(p)).length;
    const list = [
      line('u1', 'mobile_app', { count: 2, holder: 'member-1' }),
      line('u1', 'sip_number', { count: 45, label: '100' }),
      line('u2', 'ukey2'),
    ];
    let answer;
    const types = await recorded(async () => {
      answer = await assign(list);
    });
    expect(types).toEqual(['AssignmentsMade']);
    expect(answer).toMatchObject({
      status: 200,
      etag: expect.stringMatching(/^"\d+"$/),
      body: {
        assignments: [
          { index: 0, groupId: 'u1', resource: 'mobile_app', status: 'assigned', assignmentIds: { length: 2 } },
          { index: 1, resource: 'sip_number', assignmentIds: { length: 45 } },
          { index: 2, groupId: 'u2', resource: 'ukey2', assignmentIds: [expect.any(String)] },
        ],
      },
    });
    const { items } = (await service.get(`/projects/${p}/groups/u1/assignments?limit=200`)).body;
    expect(items).toHaveLength(47);
    expect(items.filter(({ sipAssignmentId }: { sipAssignmentId: unknown }) => sipAssignmentId)).toHaveLength(2);
    const [published, ...others] = (await service.published(p)).slice(before);
    expect(others).toEqual([]);
    expect(published).toMatchObject({
      type: 'allotree.assignments-made.v1',
      data: { projectId: p, assignments: { length: 48 } },
    });
    expect((await service.get(path('history?groupId=u1'))).body.items[0]).toMatchObject({
      what: 'AssignmentsMade',
      groupId: 'u1',
      before: null,
      after: { status: 'in_force' },
      details: { changed: { length: 47 } },
    });
  });

  it('all: assigns nothing where one line is refused, and names every refused line', async () => {
    await restrict([section('u1', 5)]);
    await nothingHappens(async () => {
      const list = [
        line('u1', 'sip_number', { count: 3 }),
        line('u2', 'ukey2'),
        line('u1', 'sip_number', { count: 3 }),
        line('u2', 'mobile_app'),
        line('elsewhere', 'ukey2'),
      ];
      expect(await assign(list)).toMatchObject({
        status: 409,
        body: {
          code: 'BATCH_REFUSED',
          items: [
            { index: 0, code: 'LIMIT_EXCEEDED', requested: 6, available: 5, limitedBy: { groupId: 'u1' } },
            { index: 2, code: 'LIMIT_EXCEEDED' },
            { index: 3, code: 'NO_SIP_NUMBER', groupId: 'u2', why: whyOf('u2') },
            { index: 4, code: 'NOT_FOUND', id: 'elsewhere' },
          ],
        },
      });
    });
  });

  it('each: answers every line, once for an idempotency key', async () => {
    await restrict([section('u1', 5)]);
    const list = [
      line('u1', 'sip_number', { count: 3 }),
      line('u1', 'sip_number', { count: 3 }),
      line('elsewhere', 'ukey2'),
      line('u1', 'mobile_app'),
    ];
    const lines = [
      { index: 0, status: 'assigned', assignmentIds: { length: 3 } },
      {
        index: 1,
        status: 'refused',
        problem: { code: 'LIMIT_EXCEEDED', requested: 3, available: 2, why: whyOf('u1') },
      },
      { index: 2, groupId: 'elsewhere', status: 'refused', problem: { code: 'NOT_FOUND' } },
      { index: 3, status: 'refused', problem: { code: 'LIMIT_EXCEEDED', resource: 'mobile_app' } },
    ];
    await nothingHappens(async () => {
      expect(await assign(list, { mode: 'each' }, {}, '?dryRun=true')).toMatchObject({
        status: 200,
        body: { events: [{ type: 'AssignmentsMade' }], assignments: lines },
      });
    });
    const send = () => assign(list, { mode: 'each' }, { 'idempotency-key': `each-${p}` });
    const answers: unknown[] = [];
    expect(await recorded(async () => answers.push(await send(), await send()))).toEqual(['AssignmentsMade']);
    expect(answers[0]).toMatchObject({ status: 200, body: { assignments: lines } });
    expect(answers[1]).toEqual(answers[0]);
  });
});

describe('POST /projects/{p}/releases', () => {
  it('releases numbers with their apps, all or nothing', async () => {
    const { body } = await assign([line('u1', 'sip_number', { count: 2 }), line('u1', 'mobile_app')]);
    const [numbers, apps] = body.assignments.map(({ assignmentIds }: { assignmentIds: string[] }) => assignmentIds);
    const [other] = (await assign([line('b', 'ukey2')])).body.assignments[0].assignmentIds;
    await nothingHappens(async () => {
      expect(await release([...numbers, 'nothing'])).toMatchObject({
        status: 409,
        body: {
          code: 'BATCH_REFUSED',
          items: [
            { code: 'SIP_NUMBER_IN_USE', pairedWith: apps[0] },
            { index: 2, code: 'NOT_FOUND', what: 'assignment' },
          ],
        },
      });
      expect(await release([...numbers, ...apps], {}, '?dryRun=true')).toMatchObject({
        status: 200,
        body: { events: [{ type: 'AssignmentsReleased' }] },
      });
    });
    expect(await release([...numbers, ...apps, other])).toMatchObject({
      status: 200,
      body: { released: 4, effects: { released: { length: 3 } } },
    });
  });
});

describe('POST /projects/{p}/quotas', () => {
  it('answers like the quota of each group, at one instant, and changes nothing', async () => {
    await restrict([section('a', 80), section('u1', 50)]);
    await nothingHappens(async () => {
      const answer = await quotas(['u1', p, 'b']);
      const single = await Promise.all(['u1', p, 'b'].map((g) => service.get(`/projects/${p}/groups/${g}/quota`)));
      expect(answer).toMatchObject({ status: 200, etag: single[0]!.etag });
      expect(answer.body).toEqual({ at: NOW, quotas: single.map(({ body }) => body) });
      expect(await quotas(['u1', 'nothing'])).toMatchObject({
        status: 409,
        body: { code: 'BATCH_REFUSED', items: [{ index: 1, code: 'NOT_FOUND', what: 'group', id: 'nothing' }] },
      });
    });
  });
});

describe('the permissions of the caller', () => {
  it('reach each group of a batch, or it is as if it did not exist', async () => {
    const person = { userId: `site-${p}`, email: 'site@example.com', name: 'Site' };
    const project = { projectId: p, name: 'H', partnerId: 'nordlicht', tenantId: 'nordlicht', timeZone: 'UTC' };
    const member = { projectId: p, groupId: 'a', memberId: 'm', role: 'site_administrator', ...person };
    await service.memberships(
      service.message('allotree.project-created.v1', { ...project, billingMode: 'prepaid', trial: false }),
      service.message('allotree.member-added.v1', member),
    );
    const site = await service.signedInAs(person.userId);
    const stranger = await service.signedInAs('stranger');
    const [id] = (await assign([line('b', 'ukey2')])).body.assignments[0].assignmentIds;
    await restrict([section('u1', 10)]);
    const outside = (what: string, missing: string) => ({
      status: 409,
      body: { items: [expect.objectContaining({ index: 1, code: 'NOT_FOUND', what, id: missing })] },
    });
    await nothingHappens(async () => {
      expect(await restrict([section('u2', 5), section('b', 5)], '', site)).toMatchObject(outside('group', 'b'));
      expect(await restrict([section('u1', 11)], '', site)).toMatchObject({
        body: { items: [{ index: 0, code: 'SET_FROM_ABOVE', place: { kind: 'vendor' } }] },
      });
      expect(await assign([line('a', 'ukey2'), line('b', 'ukey2')], {}, site)).toMatchObject(outside('group', 'b'));
      expect(await quotas(['u2', 'b'], site)).toMatchObject(outside('group', 'b'));
      expect(await release([id], site)).toMatchObject({ status: 409, body: { items: [{ index: 0, id }] } });
      for (const answer of [
        await restrict([section('u2', 5)], '', stranger),
        await assign([line('a', 'ukey2')], {}, stranger),
        await release([id], stranger),
        await quotas(['a'], stranger),
      ])
        expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', what: 'project', id: p } });
    });
    expect(await restrict([section('u2', 5), section('a', 20)], '', site)).toMatchObject({ status: 200 });
    expect(await assign([line('a', 'sip_number')], {}, site)).toMatchObject({ status: 200 });
    expect(await quotas(['u2', 'a'], site)).toMatchObject({ status: 200 });
  });
});

const many = <Item>(length: number, item: (n: number) => Item): Item[] => Array.from({ length }, (_, n) => item(n));
type Row = readonly [why: string, send: () => Promise<unknown>, fields: readonly string[]];

const BAD: readonly Row[] = [
  ['no restrictions', () => restrict([]), ['restrictions']],
  ['too many restrictions', () => restrict(many(10_001, (n) => section(`g${n}`, 1))), ['restrictions']],
  ['no list', () => restrict({ a: 1 }), ['restrictions']],
  [
    'a group named twice',
    () => restrict([section('a', 1), section('b', 1), section('a', 2)]),
    ['restrictions[0].groupId', 'restrictions[2].groupId'],
  ],
  [
    'valid and invalid sections',
    () =>
      restrict([
        section('a', -1),
        section('b', 1),
        { groupId: 'u1' },
        { enabled: false },
        section('u2', 1, { color: 'red' }),
      ]),
    [
      'restrictions[0].allotments[0].units.sip_number',
      'restrictions[2].enabled',
      'restrictions[3].groupId',
      'restrictions[4].allotments[0].color',
    ],
  ],
  [
    'terms that cannot be',
    () =>
      restrict([
        section('a', 1, { validFrom: '2026-08-02', validUntil: '2026-08-01' }),
        section('b', 1, { validFrom: '9999-01-01' }),
      ]),
    ['restrictions[0].allotments[0].validUntil', 'restrictions[1].allotments[0].validFrom'],
  ],
  ['no lines', () => assign([]), ['assignments']],
  ['too many lines', () => assign(many(1_001, () => line('a', 'ukey2'))), ['assignments']],
  [
    'too many units',
    () => assign([line('a', 'ukey2', { count: 999 }), line('b', 'ukey2', { count: 2 })]),
    ['assignments'],
  ],
  [
    'counts that cannot be',
    () => assign([0, -1, 1.5, 1_001, null, '2', 1].map((n) => line('a', 'ukey2', { count: n }))),
    many(6, (n) => `assignments[${n}].count`),
  ],
  ['an unknown mode', () => assign([line('a', 'ukey2')], { mode: 'some' }), ['mode']],
  [
    'valid and invalid lines',
    () => assign([line('a', 'fax'), line('a', 'ukey2'), line('a b', 'ukey2', { color: 1 })]),
    ['assignments[0].resource', 'assignments[2].groupId', 'assignments[2].color'],
  ],
  ['nothing to release', () => release([]), ['assignmentIds']],
  ['too many releases', () => release(many(1_001, (n) => `a${n}`)), ['assignmentIds']],
  ['a release named twice', () => release(['x', 'y', 'x']), ['assignmentIds[0]', 'assignmentIds[2]']],
  ['ids that are none', () => release(['x', 'a b', 5]), ['assignmentIds[1]', 'assignmentIds[2]']],
  ['no groups', () => quotas([]), ['groupIds']],
  ['too many groups', () => quotas(many(1_001, (n) => `g${n}`)), ['groupIds']],
  ['a group asked for twice', () => quotas(['a', 'a']), ['groupIds[0]', 'groupIds[1]']],
];

describe('bad input is refused with every item that is wrong', () => {
  it.each(BAD)('%s', async (_why, send, fields) => {
    await nothingHappens(async () => {
      const answer = (await send()) as { status: number; body: { code: string; errors: { field: string }[] } };
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
      expect(answer.body.errors.map(({ field }) => field)).toEqual(fields);
    });
  });

  it('ids of another project are unknown', async () => {
    const { body } = await assign([line('a', 'ukey2')]);
    const [foreign] = body.assignments[0].assignmentIds;
    await service.groups(p, { [`only-${p}`]: p });
    const own = `only-${p}`;
    p = `other-${p}`;
    await service.hafenblick(p, await service.nordlicht());
    await nothingHappens(async () => {
      for (const answer of [
        await restrict([section('a', 1), section(own, 1)]),
        await assign([line('a', 'ukey2'), line(own, 'ukey2')]),
        await quotas(['a', own]),
      ])
        expect(answer).toMatchObject({ status: 409, body: { items: [{ index: 1, code: 'NOT_FOUND', id: own }] } });
      expect(await release([foreign])).toMatchObject({ status: 409, body: { items: [{ index: 0, id: foreign }] } });
    });
  });

  it('a body without end is too large', async () => {
    const answer = await restrict([section('a', 1, { color: 'x'.repeat(17_000_000) })]);
    expect(answer).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } });
  });
});
