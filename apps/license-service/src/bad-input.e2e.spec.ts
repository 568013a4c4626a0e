import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { restriction, Service, units } from './service-under-test.harness.js';

let service: Service;
const p = 'hafenblick';
let plus = '';
let license = '';
beforeAll(async () => {
  service = await Service.start();
  plus = await service.nordlicht();
  await service.partner('hansen', 'nordlicht');
  await service.hafenblick(p, plus);
  [{ licenseId: license }] = (await service.get(`/projects/${p}/licenses`)).body.items;
});
afterAll(() => service.stop());

/** Ids that are only known while the specs run. */
const at = (path: string): string => path.replaceAll('{plus}', plus).replaceAll('{license}', license);
const filled = (body: unknown): unknown => (body === undefined ? undefined : JSON.parse(at(JSON.stringify(body))));

const PACKAGES = '/partners/nordlicht/packages';
const SALES = '/partners/nordlicht/packages/{plus}/sales';
const LICENSES = `/projects/${p}/licenses`;
const LICENSE = `/projects/${p}/licenses/{license}`;
const RESTRICTION = `/projects/${p}/groups/a/restriction`;
const ASSIGNMENTS = `/projects/${p}/groups/a/assignments`;
const TRANSFERS = `/projects/${p}/allotment-transfers`;
const RELOCATION = `/projects/${p}/groups/a/relocation-check`;

const packageBody = { name: 'N', units: units(1) };
const saleBody = { toPartnerId: 'hansen', units: units(1) };
const plusBody = { type: 'plus', partnerId: 'nordlicht', packageId: '{plus}', units: units(1) };
const transferBody = { fromGroupId: 'a', toGroupId: 'b', units: units(1), reason: 'R' };
const allotted = (term: object) => restriction(units(1), term);

/** Values no limit can have. */
const NO_LIMITS: readonly [string, unknown][] = [
  ['negative', -1],
  ['fractional', 1.5],
  ['above 2^31 - 1', 2_147_483_648],
  ['far above 2^31', 1e300],
  ['text', '5'],
  ['a boolean', true],
  ['a list', [1]],
];
/** Values no term can have. */
const NO_DATES: readonly [string, unknown][] = [
  ['no date', 'tomorrow'],
  ['a day that is not', '2026-02-30'],
  ['a month that is not', '2026-13-01'],
  ['an instant without offset', '2026-06-01T10:00:00'],
  ['milliseconds', 1_780_000_000_000],
  ['empty', ''],
  ['a year beyond', '+12026-06-01'],
];
type Row = readonly [method: string, path: string, why: string, body: unknown, field: string];

const rows = (
  method: string,
  path: string,
  body: (value: unknown) => object,
  field: string,
  values: readonly [string, unknown][],
): Row[] => values.map(([why, value]) => [method, path, `${field}: ${why}`, body(value), field]);

/** Values no external id can have. */
const NO_EXTERNAL_IDS: readonly [string, unknown][] = [
  ['empty', ''],
  ['blank', '  '],
  ['129 characters', 'x'.repeat(129)],
  ['a control character', 'a\u0000b'],
  ['a line break', 'a\nb'],
  ['half a character pair', 'a\ud800'],
  ['a character that cannot be seen', 'a\u202eb'],
  ['a number', 5],
];
const ASSIGNMENT = `${ASSIGNMENTS}/anything`;

const BODIES: readonly Row[] = [
  ...rows('POST', LICENSES, (value) => ({ ...plusBody, externalId: value }), 'externalId', NO_EXTERNAL_IDS),
  ...rows('POST', LICENSES, (value) => ({ type: 'trial', externalId: value }), 'externalId', NO_EXTERNAL_IDS),
  ...rows('PATCH', LICENSE, (value) => ({ externalId: value }), 'externalId', NO_EXTERNAL_IDS),
  ...rows('POST', ASSIGNMENTS, (value) => ({ resource: 'ukey2', externalId: value }), 'externalId', NO_EXTERNAL_IDS),
  ...rows('PATCH', ASSIGNMENT, (value) => ({ externalId: value }), 'externalId', NO_EXTERNAL_IDS),
  ['PATCH', LICENSE, 'nothing', {}, 'externalId'],
  ['PATCH', LICENSE, 'an unknown field', { externalId: 'E', color: 'red' }, 'color'],
  ['PATCH', LICENSE, 'another type', { externalId: 'E', type: 'trial' }, 'type'],
  ['PATCH', ASSIGNMENT, 'nothing', {}, 'externalId'],
  ['PATCH', ASSIGNMENT, 'an unknown field', { externalId: 'E', color: 'red' }, 'color'],
  ...rows(
    'POST',
    PACKAGES,
    (value) => ({ ...packageBody, units: { sip_number: value } }),
    'units.sip_number',
    NO_LIMITS,
  ),
  ...rows('POST', SALES, (value) => ({ ...saleBody, units: { ukey2: value } }), 'units.ukey2', NO_LIMITS),
  ...rows('POST', LICENSES, (value) => ({ ...plusBody, units: { mobile_app: value } }), 'units.mobile_app', NO_LIMITS),
  ...rows(
    'PUT',
    RESTRICTION,
    (value) => restriction({ ...units(1), sip_number: value as number }),
    'allotments[0].units.sip_number',
    NO_LIMITS,
  ),
  ...rows('POST', TRANSFERS, (value) => ({ ...transferBody, units: { sip_number: value } }), 'units.sip_number', [
    ...NO_LIMITS,
    ['unlimited', null],
  ]),
  ...rows('POST', PACKAGES, (value) => ({ ...packageBody, validUntil: value }), 'validUntil', NO_DATES),
  ...rows('POST', SALES, (value) => ({ ...saleBody, validFrom: value }), 'validFrom', NO_DATES),
  ...rows('POST', LICENSES, (value) => ({ ...plusBody, validUntil: value }), 'validUntil', NO_DATES),
  ...rows('POST', LICENSES, (value) => ({ type: 'trial', validUntil: value }), 'validUntil', NO_DATES),
  ...rows('POST', `${LICENSE}/extend`, (value) => ({ validUntil: value }), 'validUntil', NO_DATES),
  ...rows('PUT', RESTRICTION, (value) => allotted({ validUntil: value }), 'allotments[0].validUntil', NO_DATES),

  ['POST', PACKAGES, 'no name', { units: units(1) }, 'name'],
  ['POST', PACKAGES, 'a control character', { ...packageBody, name: 'a\u0000b' }, 'name'],
  ['POST', PACKAGES, 'half a character pair', { ...packageBody, name: 'a\ud800' }, 'name'],
  ['POST', PACKAGES, 'no units', { name: 'N' }, 'units'],
  ['POST', PACKAGES, 'an unknown resource', { ...packageBody, units: { sip: 1 } }, 'units.sip'],
  ['POST', PACKAGES, 'an unknown feature', { ...packageBody, features: ['flying'] }, 'features[0]'],
  ['POST', PACKAGES, 'an unknown field', { ...packageBody, price: 5 }, 'price'],
  [
    'POST',
    PACKAGES,
    'a reversed term',
    { ...packageBody, validFrom: '2026-08-02', validUntil: '2026-08-01' },
    'validUntil',
  ],
  ['POST', PACKAGES, 'an end nobody can write down', { ...packageBody, validUntil: '99999-12-31' }, 'validUntil'],
  ['POST', PACKAGES, 'a start before time', { ...packageBody, validFrom: '0001-01-01' }, 'validFrom'],
  ['POST', PACKAGES, 'a list', [], ''],
  ['POST', PACKAGES, 'null', null, ''],
  ['POST', SALES, 'no buyer', { units: units(1) }, 'toPartnerId'],
  ['POST', SALES, 'a buyer that is no id', { ...saleBody, toPartnerId: '../x' }, 'toPartnerId'],
  ['POST', SALES, 'an unknown field', { ...saleBody, discount: 5 }, 'discount'],
  ['POST', SALES, 'a reversed term', { ...saleBody, validFrom: '2026-08-02', validUntil: '2026-08-01' }, 'validUntil'],
  ['POST', LICENSES, 'no type', { validUntil: '2026-08-01' }, 'type'],
  ['POST', LICENSES, 'a type nobody grants', { type: 'basic' }, 'type'],
  ['POST', LICENSES, 'a trial with units', { type: 'trial', units: units(1) }, 'units'],
  ['POST', LICENSES, 'a trial out of a package', { type: 'trial', packageId: '{plus}' }, 'packageId'],
  ['POST', LICENSES, 'plus out of nowhere', { type: 'plus', units: units(1) }, 'partnerId'],
  ['POST', LICENSES, 'a package that is no id', { ...plusBody, packageId: 'a b' }, 'packageId'],
  [
    'POST',
    LICENSES,
    'a reversed term',
    { ...plusBody, validFrom: '2026-08-02', validUntil: '2026-08-01' },
    'validUntil',
  ],
  ['POST', `${LICENSE}/extend`, 'no end', {}, 'validUntil'],
  ['POST', `${LICENSE}/suspend`, 'no reason', {}, 'reason'],
  ['POST', `${LICENSE}/suspend`, 'an empty reason', { reason: ' ' }, 'reason'],
  ['POST', `${LICENSE}/revoke`, 'a reason too long', { reason: 'x'.repeat(501) }, 'reason'],
  ['POST', `${LICENSE}/revoke`, 'a reason with NUL', { reason: 'a\u0000' }, 'reason'],
  ['POST', `${LICENSE}/reinstate`, 'an unknown field', { reason: 'R' }, 'reason'],
  ['PUT', RESTRICTION, 'nothing', {}, 'enabled'],
  ['PUT', RESTRICTION, 'text for a switch', { enabled: 'yes' }, 'enabled'],
  ['PUT', RESTRICTION, 'an unknown pool mode', { enabled: true, poolMode: 'private' }, 'poolMode'],
  ['PUT', RESTRICTION, 'a negative grace period', { enabled: true, gracePeriodDays: -1 }, 'gracePeriodDays'],
  ['PUT', RESTRICTION, 'a grace period of 366 days', { enabled: true, gracePeriodDays: 366 }, 'gracePeriodDays'],
  ['PUT', RESTRICTION, 'an unknown type', restriction(units(1), { type: 'gold' }), 'allotments[0].type'],
  [
    'PUT',
    RESTRICTION,
    'an unknown feature',
    restriction(units(1), { features: ['flying'] }),
    'allotments[0].features[0]',
  ],
  ['PUT', RESTRICTION, 'an unknown field', restriction(units(1), {}, { color: 'red' }), 'color'],
  [
    'PUT',
    RESTRICTION,
    'an unknown field of an allotment',
    restriction(units(1), { color: 'red' }),
    'allotments[0].color',
  ],
  [
    'PUT',
    RESTRICTION,
    'an allotment that is no id',
    restriction(units(1), { allotmentId: 'a b' }),
    'allotments[0].allotmentId',
  ],
  [
    'PUT',
    RESTRICTION,
    'a reversed term',
    allotted({ validFrom: '2026-08-02', validUntil: '2026-08-01' }),
    'allotments[0].validUntil',
  ],
  ['PUT', RESTRICTION, 'an end in the past', allotted({ validUntil: '2026-01-01' }), 'allotments[0].validUntil'],
  [
    'PUT',
    RESTRICTION,
    '101 allotments',
    { enabled: true, allotments: Array.from({ length: 101 }, () => ({ type: 'plus', units: units(1) })) },
    'allotments',
  ],
  [
    'PUT',
    RESTRICTION,
    'no reminder day',
    { enabled: true, reminder: { daysBefore: [], recurrence: 'once' } },
    'reminder.daysBefore',
  ],
  [
    'PUT',
    RESTRICTION,
    'six reminder days',
    { enabled: true, reminder: { daysBefore: [1, 2, 3, 4, 5, 6], recurrence: 'once' } },
    'reminder.daysBefore',
  ],
  [
    'PUT',
    RESTRICTION,
    'a day named twice',
    { enabled: true, reminder: { daysBefore: [7, 7], recurrence: 'once' } },
    'reminder.daysBefore',
  ],
  [
    'PUT',
    RESTRICTION,
    'day 0',
    { enabled: true, reminder: { daysBefore: [0], recurrence: 'once' } },
    'reminder.daysBefore[0]',
  ],
  [
    'PUT',
    RESTRICTION,
    'an unknown recurrence',
    { enabled: true, reminder: { daysBefore: [7], recurrence: 'hourly' } },
    'reminder.recurrence',
  ],
  ['POST', ASSIGNMENTS, 'no resource', {}, 'resource'],
  ['POST', ASSIGNMENTS, 'an unknown resource', { resource: 'fax' }, 'resource'],
  ['POST', ASSIGNMENTS, 'a label too long', { resource: 'ukey2', label: 'x'.repeat(201) }, 'label'],
  ['POST', ASSIGNMENTS, 'a number for a holder', { resource: 'ukey2', holder: 5 }, 'holder'],
  ['POST', ASSIGNMENTS, 'an id of its own', { resource: 'ukey2', assignmentId: 'mine' }, 'assignmentId'],
  ['POST', ASSIGNMENTS, 'a number beside a key', { resource: 'ukey2', sipAssignmentId: 'x' }, 'sipAssignmentId'],
  ['POST', TRANSFERS, 'no unit at all', { ...transferBody, units: units(0) }, 'units'],
  ['POST', TRANSFERS, 'no reason', { ...transferBody, reason: undefined }, 'reason'],
  ['POST', TRANSFERS, 'no source', { ...transferBody, fromGroupId: undefined }, 'fromGroupId'],
  ['POST', RELOCATION, 'no parent', {}, 'parentId'],
  ['POST', RELOCATION, 'a parent that is no id', { parentId: 'a/b' }, 'parentId'],
];

const ADDRESSES: readonly [method: string, path: string, body: unknown, field: string][] = [
  ['GET', '/partners/a%20b/stock', undefined, 'partnerId'],
  ['GET', `/partners/${'x'.repeat(65)}/stock`, undefined, 'partnerId'],
  ['POST', '/partners/-a/packages', packageBody, 'partnerId'],
  ['POST', '/partners/nordlicht/packages/a%00b/sales', saleBody, 'packageId'],
  ['GET', '/projects/a%20b/licenses', undefined, 'p'],
  ['POST', `/projects/${p}/licenses/_/revoke`, { reason: 'R' }, 'l'],
  ['GET', `/projects/${p}/groups/a%2Fb/quota`, undefined, 'g'],
  ['GET', `/projects/${p}/groups/%F0%9F%92%A9/restriction`, undefined, 'g'],
  ['DELETE', `/projects/${p}/groups/a/assignments/a%20b`, undefined, 'a'],
  ['GET', `${ASSIGNMENTS}?externalId=`, undefined, 'externalId'],
  ['GET', `${LICENSES}?externalId=${'x'.repeat(129)}`, undefined, 'externalId'],
  ['GET', `${LICENSES}?color=red`, undefined, 'color'],
  ['GET', `${ASSIGNMENTS}?limit=0`, undefined, 'limit'],
  ['GET', `${ASSIGNMENTS}?limit=201`, undefined, 'limit'],
  ['GET', `${ASSIGNMENTS}?limit=many`, undefined, 'limit'],
  ['GET', `${ASSIGNMENTS}?color=red`, undefined, 'color'],
  ['PUT', `${RESTRICTION}?dryRun=yes`, { enabled: false }, 'dryRun'],
  ['PUT', `${RESTRICTION}?cascade=1`, { enabled: false }, 'cascade'],
  ['POST', `${PACKAGES}?dryrun=true`, packageBody, 'dryrun'],
  ['GET', `/projects/${p}/history?from=yesterday`, undefined, 'from'],
  ['GET', `/projects/${p}/history?to=2026-02-30`, undefined, 'to'],
  ['GET', `/projects/${p}/history?to=99999-12-31`, undefined, 'to'],
  ['GET', `/projects/${p}/history?groupId=a%20b`, undefined, 'groupId'],
  ['GET', `/projects/${p}/history?cursor=nothing`, undefined, 'cursor'],
  ['GET', `/projects/${p}/history?cursor=99999999999999999999.1`, undefined, 'cursor'],
];

const nothingRecorded = async (work: () => Promise<unknown>) => expect(await service.recordedWhile(work)).toEqual([]);

describe('bad input is refused with its field, and nothing is recorded', () => {
  it.each(BODIES)('%s %s: %s', async (method, path, _why, body, field) => {
    await nothingRecorded(async () => {
      expect(await service.request(method, at(path), filled(body))).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION', errors: expect.arrayContaining([expect.objectContaining({ field })]) },
      });
    });
  });

  it.each(ADDRESSES)('%s %s', async (method, path, body, field) => {
    await nothingRecorded(async () => {
      expect(await service.request(method, at(path), filled(body))).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION', errors: expect.arrayContaining([expect.objectContaining({ field })]) },
      });
    });
  });
});

const ROUTES: readonly [method: string, path: string][] = [
  ['POST', PACKAGES],
  ['POST', SALES],
  ['POST', LICENSES],
  ['PATCH', LICENSE],
  ['PATCH', ASSIGNMENT],
  ['POST', `${LICENSE}/extend`],
  ['POST', `${LICENSE}/suspend`],
  ['POST', `${LICENSE}/revoke`],
  ['PUT', RESTRICTION],
  ['POST', ASSIGNMENTS],
  ['POST', TRANSFERS],
  ['POST', RELOCATION],
];

describe.each(ROUTES)('%s %s', (method, path) => {
  const refused = async (body: unknown, headers: Record<string, string>, status: number, code: string) =>
    nothingRecorded(async () => {
      expect(await service.request(method, at(path), body, headers)).toMatchObject({ status, body: { code } });
    });

  it('refuses what is not JSON', () => refused('{"name":', {}, 400, 'VALIDATION'));
  it('refuses another content type', () =>
    refused('<name/>', { 'content-type': 'application/xml' }, 415, 'UNSUPPORTED_MEDIA_TYPE'));
  it('refuses a body without end', () =>
    refused(JSON.stringify({ name: 'x'.repeat(2_000_000) }), {}, 413, 'PAYLOAD_TOO_LARGE'));
  it('refuses a stranger', () => refused({}, { authorization: 'Bearer nonsense' }, 401, 'UNAUTHENTICATED'));
  it('refuses a malformed If-Match', () => refused({}, { 'if-match': 'seven' }, 400, 'VALIDATION'));
});
