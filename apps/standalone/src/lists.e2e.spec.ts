import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { FilterField } from '@allotree/contracts';
import pg from 'pg';
import { mailedToken, PASSWORD, signUp } from './signed-up.fixture.js';
import { WholeSystem } from './whole-system.harness.js';

jest.setTimeout(120_000);

/** Lists of a fixed number of things, and those that have a selection of their own: the feed of events, the rows of a tree, the search and measures of use. */
const WITHOUT_FILTER = [
  '/events',
  '/exports',
  '/group-service/projections',
  '/license-service/projections',
  '/projects/{p}/tree',
  '/projects/{p}/usage/top',
  '/reporting-service/projections',
  '/search',
  '/usage',
];

interface ListDocs {
  readonly id: string;
  readonly filters: Readonly<Record<string, FilterField>>;
  readonly orders: readonly string[];
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
  readonly 'x-list'?: ListDocs;
}

type Item = Readonly<Record<string, unknown>>;

let system: WholeSystem;
let token: string;
let ids: Readonly<Record<string, string>>;
let operations: ReadonlyMap<string, Operation>;

const units = (sip_number: number) => ({ sip_number, mobile_app: 1, ukey2: 0 });

let addresses = 0;
const SETTLED = 'status = "sent" OR (status = "pending" AND mailType = "trial_started")';

/** Something in every list. */
async function fill(): Promise<void> {
  const must = system.must.bind(system);
  const administrator = { name: 'Ada', email: 'ada@nordlicht.example' };
  const { partnerId } = await must('POST', '/partners', { kind: 'distributor', name: 'Nordlicht', administrator });
  const { partnerId: closed } = await must('POST', '/partners', { kind: 'distributor', name: 'Closed', administrator });
  await must('POST', `/partners/${closed}/close`, { reason: 'Over' });
  const { projectId: p } = await must('POST', '/projects', { name: 'Hafenblick', partnerId });
  await must('POST', '/projects', { name: 'Old town', partnerId });
  const group = async (parentId: string, name: string): Promise<string> =>
    (await must('POST', `/projects/${p}/groups`, { parentId, type: 'building', name })).groupId;
  const g = await group(p, 'A');
  await group(g, 'A1');
  const place = `/projects/${p}/groups/${g}`;
  await must('POST', `/projects/${p}/licenses`, {
    type: 'plus',
    partnerId,
    packageId: (
      await must('POST', `/partners/${partnerId}/packages`, {
        name: 'Plus',
        units: units(10),
        features: ['siri'],
        validFrom: '2026-01-01',
        validUntil: '2099-12-31',
      })
    ).packageId,
    units: units(5),
    externalId: 'ERP-1',
  });
  await must('POST', `${place}/devices`, { serialNumber: 'AA-12CD-000017', model: 'AA-12', externalId: 'ERP-2' });
  const member = { email: 'eva@example.com', name: 'Eva', role: 'user', externalId: 'ERP-3' };
  await must('POST', `${place}/members`, member);
  await must('POST', `${place}/members`, { email: 'bob@example.com', name: 'Bob', role: 'concierge' });
  await must('POST', `${place}/invitations`, {
    invitations: [{ email: 'ina@example.com', name: 'Ina', role: 'user' }],
  });
  await must('POST', `${place}/assignments`, { resource: 'sip_number', label: '100-1', holder: 'eva' });
  await must('POST', `${place}/assignments`, { resource: 'mobile_app' });
  await must('POST', '/api-keys', { tenantId: partnerId, name: 'billing', permissions: ['projects:read'] });
  // Nothing is sent to it.
  const hook = { url: 'https://8.8.8.8/', description: 'Billing', tenantId: partnerId, subjects: ['nothing'] };
  const { endpointId } = await must('POST', '/webhook-endpoints', hook);
  await must('PATCH', `/webhook-endpoints/${endpointId}`, { status: 'paused' });
  await must('POST', `/webhook-endpoints/${endpointId}/test`);
  await must('POST', `/roles?tenantId=${partnerId}`, { name: 'Technician', permissions: ['groups:read'] });
  for (const name of ['Eva', 'Ada', 'Zoe', 'Eva'])
    await must('POST', `${place}/members`, { email: `${(addresses += 1)}@example.com`, name, role: 'user' });
  await must('PUT', '/device-catalogue', { devices: [{ serialNumber: 'AA-1', claimCode: '7K2M-9QXT' }] });
  const { joinCode } = await must('POST', `/partners/${partnerId}/join-code`, {});
  const registration = {
    kind: 'dealer',
    partnerName: 'Dahl',
    objectName: 'Quay',
    name: 'Ben',
    email: 'ben@dahl.example',
  };
  await must('POST', '/registrations', { ...registration, timeZone: 'Europe/Berlin', language: 'de', joinCode });
  await must('POST', '/registrations/confirm', {
    token: await mailedToken(system, registration.email),
    password: PASSWORD,
  });
  await closedPeriods(p);
  const accountId = `${partnerId}:${p}`;
  await issue(accountId, partnerId);
  ids = { partnerId, p, g, tenantId: partnerId, endpointId, accountId };
}

/** The first billing period ends in a month, so rows as its projection writes them take their place. */
async function closedPeriods(projectId: string): Promise<void> {
  const database = new pg.Client({ connectionString: system.databaseUrl });
  await database.connect();
  const use = { open: 1, close: 1, peak: 1, peakAt: '2025-12-31T23:00:00.000Z' };
  const totals = { ...use, unitMs: '2678400000', entitledMs: '0', unlimitedMs: '0', overageMs: '0' };
  await database.query(
    `INSERT INTO licensing.usage_period (project_id, until_at, from_at, period_id, interval, anchor_day, time_zone,
                                         payment_model, totals)
     SELECT $1, start + interval '1 month', start, 'period ' || start, 'P1M', 1, 'UTC', 'prepaid', $2
     FROM generate_series('2026-01-01Z'::timestamptz, '2026-05-01Z', '1 month') AS start`,
    [projectId, JSON.stringify({ sip_number: totals, mobile_app: totals, ukey2: totals })],
  );
  await database.end();
}

/** Statements that nothing of the account follows from; a period takes a month. */
async function issue(accountId: string, tenantId: string): Promise<void> {
  await system.until(
    ({ status }) => status === 200,
    () => system.ask('GET', `/accounts/${accountId}`),
  );
  const database = new pg.Client({ connectionString: system.databaseUrl });
  await database.connect();
  await database.query(
    `INSERT INTO reporting.document (document_id, tenant_id, account_id, number, kind, from_at, until_at, currency, total, content, hash,
       signature, issued_at)
     SELECT 'document-' || n, $2, $1, n, 'statement', month, month + interval '1 month', 'EUR', '1.00', '{}', 'hash', 'signature', now()
     FROM generate_series(1, 4) AS n CROSS JOIN LATERAL (SELECT '2025-12-01T00:00Z'::timestamptz + n * interval '1 month' AS month) AS each`,
    [accountId, tenantId],
  );
  await database.end();
}

beforeAll(async () => {
  system = await WholeSystem.start();
  await fill();
  token = await signUp(system, 'kim@larsen.example');
  // Mails that are still on their way would change the lists; the one about the trial waits for others of the day.
  await system.until(
    ({ body }) => body.items.length === 4,
    () => system.ask('GET', `/deliveries?filter=${encodeURIComponent(SETTLED)}`),
  );
  const { paths } = (await (await fetch(`${system.url}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, { get?: Operation }>;
  };
  operations = new Map(
    Object.entries(paths).flatMap(([path, { get }]) => (get === undefined ? [] : [[path.replace('/api/v1', ''), get]])),
  );
});
afterAll(() => system.stop());

const answersItems = ({ responses }: Operation): boolean => {
  const schema = responses['200']?.content?.['application/json']?.schema as { properties?: object } | undefined;
  return schema?.properties !== undefined && 'items' in schema.properties;
};

const get = async (path: string, query: Readonly<Record<string, string>> = {}) => {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'none');
  const tenant =
    operations.get(path)?.parameters?.some(({ name }) => name === 'tenantId') === true && path === '/roles';
  const asked = new URLSearchParams({ ...(tenant && { tenantId: ids['tenantId']! }), ...query });
  const own = path.startsWith('/me/') ? { token } : {};
  return system.ask('GET', `${filled}?${asked.toString()}`, own);
};

const itemsOf = async (path: string, query: Readonly<Record<string, string>> = {}): Promise<Item[]> => {
  const { status, body } = await get(path, query);
  expect([path, query, status, body]).toEqual([path, query, 200, expect.anything()]);
  return body.items;
};

const isPaged = (path: string): boolean =>
  operations.get(path)?.parameters?.some(({ name }) => name === 'limit') === true;

const wholePage = (path: string): Readonly<Record<string, string>> => (isPaged(path) ? { limit: '200' } : {});

/** All items, a few at a time. */
async function pagesOf(path: string, query: Readonly<Record<string, string>>): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { status, body } = await get(path, { ...query, limit: '3', ...(cursor !== '' && { cursor }) });
    expect([path, query, status]).toEqual([path, query, 200]);
    items.push(...(body.items as Item[]));
    cursor = body.nextCursor;
  }
  return items;
}

const refusalOf = async (path: string, query: Readonly<Record<string, string>>): Promise<string> => {
  const { status, body } = await get(path, query);
  expect([path, query, status, body.code]).toEqual([path, query, 400, 'VALIDATION']);
  return body.detail;
};

const valueAt = (item: Item, name: string): unknown =>
  name.split('.').reduce<unknown>((value, part) => (value as Item | null)?.[part], item) ?? null;

const written = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));

/** A filter that selects an item by one of its fields; `null`: its list is empty. */
function filterFor(name: string, { type }: FilterField, item: Item): string | null {
  const value = valueAt(item, name);
  if (type !== 'list') return `${name} = ${written(value)}`;
  const [first] = value as string[];
  return first === undefined ? null : `${name} : ${written(first)}`;
}

/** An item whose field has a value, where there is one. */
const itemWith = (name: string, items: readonly Item[]): Item =>
  items.find((item) => !['null', '[]'].includes(JSON.stringify(valueAt(item, name)))) ?? items[0]!;

async function checkSelection(path: string, { id, filters }: ListDocs): Promise<void> {
  const items = await itemsOf(path);
  for (const [name, field] of Object.entries(filters)) {
    const item = itemWith(name, items);
    const filter = filterFor(name, field, item);
    if (filter === null) continue;
    const found = (await itemsOf(path, { filter })).map((one) => one[id]);
    expect([path, filter, found]).toEqual([path, filter, expect.arrayContaining([item[id]])]);
    const others = (await itemsOf(path, { filter: `NOT ${filter}` })).filter((other) => found.includes(other[id]));
    // Expiries share the id of their group, and audit entries the instant.
    if (!['id', 'at'].includes(id)) expect([path, filter, others]).toEqual([path, filter, []]);
  }
}

/** The ids of the items that the registrant of another tenant sees; `null`: the list is forbidden. */
async function idsSeenByKim(path: string, { id }: ListDocs, query: object): Promise<unknown[] | null> {
  const asked = new URLSearchParams({ ...wholePage(path), ...query });
  const { status, body } = await system.ask('GET', `${path}?${asked.toString()}`, { token });
  if (status === 403) return null;
  expect([path, query, status]).toEqual([path, query, 200]);
  return body.items.map((item: Item) => item[id]);
}

describe('every list', () => {
  it('has a filter', () => {
    const lists = [...operations].filter(([, operation]) => answersItems(operation));
    const unfiltered = lists.filter(([, operation]) => operation['x-list'] === undefined).map(([path]) => path);
    expect(lists.length).toBeGreaterThan(20);
    expect(unfiltered.sort()).toEqual(WITHOUT_FILTER);
    const named = lists.filter(([, operation]) => operation['x-list'] !== undefined);
    for (const [path, { parameters = [] }] of named)
      expect([path, parameters.map(({ name }) => name)]).toEqual([
        path,
        expect.arrayContaining(['filter', 'orderBy', 'fields']),
      ]);
  });

  it('selects by each of its fields the items that have the value, and by its negation the others', async () => {
    for (const [path, { 'x-list': list }] of operations) if (list) await checkSelection(path, list);
  });

  it('compares each of its fields with every operator of its type', async () => {
    const VALUES = { text: '"x%"', integer: '3', boolean: 'false', instant: '"2026-06-01"', list: '"x"', enum: '' };
    const OPERATORS = {
      text: ['=', '!=', ':'],
      enum: ['=', '!='],
      integer: ['=', '!=', '<', '<=', '>', '>='],
      boolean: ['=', '!='],
      instant: ['=', '!=', '<', '<=', '>', '>='],
      list: [':'],
    };
    for (const [path, { 'x-list': list }] of operations) {
      const comparisons = Object.entries(list?.filters ?? {}).flatMap(([name, { type, values }]) =>
        OPERATORS[type].map((operator) => `${name} ${operator} ${type === 'enum' ? `"${values![0]}"` : VALUES[type]}`),
      );
      for (let from = 0; from < comparisons.length; from += 20)
        await itemsOf(path, { filter: comparisons.slice(from, from + 20).join(' OR ') });
    }
  });

  it('refuses an unknown field, order or field to return, and names what there is', async () => {
    for (const [path, { 'x-list': list }] of operations) {
      if (list === undefined) continue;
      const [first] = Object.keys(list.filters);
      expect(await refusalOf(path, { filter: `${first}x = 1` })).toContain(`did you mean "${first}"?`);
      expect(await refusalOf(path, { filter: `${first} =` })).toContain('expected a value, found the end');
      expect(await refusalOf(path, { orderBy: 'nothing' })).toBe(`orderBy: must be one of ${list.orders.join(', ')}`);
      expect(await refusalOf(path, { fields: `${list.id}x` })).toContain(`did you mean "${list.id}"?`);
    }
  });

  it('can be ordered as it says, with the same items', async () => {
    for (const [path, { 'x-list': list }] of operations) {
      const all = list && (await itemsOf(path, wholePage(path)));
      for (const orderBy of list?.orders ?? []) {
        const items = await itemsOf(path, { ...wholePage(path), orderBy });
        expect([path, orderBy, items.length]).toEqual([path, orderBy, all!.length]);
        expect([path, orderBy, items.map((item) => JSON.stringify(item)).sort()]).toEqual([
          path,
          orderBy,
          all!.map((item) => JSON.stringify(item)).sort(),
        ]);
      }
    }
  });

  it('is paged in each of its orders, with a filter', async () => {
    for (const [path, { 'x-list': list }] of operations) {
      if (list === undefined || !isPaged(path)) continue;
      const [name, field] = Object.entries(list.filters)[0]!;
      const [item] = await itemsOf(path);
      const filter = `NOT ${filterFor(name, field, item!)}`;
      for (const orderBy of list.orders) {
        const expected = await itemsOf(path, { limit: '200', orderBy, filter });
        expect([path, orderBy, await pagesOf(path, { orderBy, filter })]).toEqual([path, orderBy, expected]);
      }
    }
  });

  it('has items in this spec', async () => {
    for (const [path, { 'x-list': list }] of operations)
      if (list) expect([path, (await itemsOf(path)).length > 0]).toEqual([path, true]);
  });

  it('selects among the items that the caller sees, whatever the filter names', async () => {
    for (const [path, { 'x-list': list }] of operations) {
      if (list === undefined || path.includes('{')) continue;
      const own = await idsSeenByKim(path, list, {});
      if (own === null) continue;
      const items = await itemsOf(path, wholePage(path));
      for (const [name, field] of Object.entries(list.filters)) {
        // Of all tenants: most items belong to others.
        const filters = items.slice(0, 5).map((item) => filterFor(name, field, item));
        for (const filter of new Set(filters.filter((one) => one !== null))) {
          const [found, others] = [
            await idsSeenByKim(path, list, { filter }),
            await idsSeenByKim(path, list, { filter: `NOT ${filter}` }),
          ];
          expect([path, filter, [...found!, ...others!].sort()]).toEqual([path, filter, [...own].sort()]);
        }
      }
    }
  });

  it('returns the id and the fields asked for', async () => {
    for (const [path, { 'x-list': list }] of operations) {
      if (list === undefined) continue;
      const [item] = await itemsOf(path);
      if (item === undefined) continue;
      const name = Object.keys(item).find((one) => one !== list.id)!;
      const [some] = await itemsOf(path, { fields: name });
      expect([path, some]).toEqual([path, { [list.id]: item[list.id], [name]: item[name] }]);
    }
  });
});

describe('a cursor', () => {
  const members = '/projects/{p}/groups/{g}/members';

  it('goes on with another filter, and is refused in another order', async () => {
    const byName = await get(members, { orderBy: 'name', limit: '2' });
    expect(byName.body.items.map(({ name }: { name: string }) => name)).toEqual(['Ada', 'Bob']);
    const cursor = byName.body.nextCursor as string;
    const named = await itemsOf(members, { orderBy: 'name', cursor, filter: 'name = "Eva"' });
    expect(named.map(({ name }) => name)).toEqual(['Eva', 'Eva', 'Eva']);
    const earlier = await itemsOf(members, { orderBy: 'name desc', cursor });
    expect(earlier.map(({ name }) => name)).toEqual(['Ada']);
    expect(await refusalOf(members, { cursor })).toBe(
      'cursor: must be the nextCursor of an earlier answer in the same order',
    );
  });
});
