import type { Permission } from '@allotree/contracts';
import type { Place, World } from './world.fixture.js';

/** Where the permission of a route is asked for, which decides in which situations it is tried. */
export type At =
  /** A group that the path names, or (`bodyGroup`) a field of the body. */
  | { readonly kind: 'group'; readonly bodyGroup?: string }
  /** A project as a whole, or (`within`) wherever in it somebody stands. */
  | { readonly kind: 'project' | 'within' }
  | { readonly kind: 'partner'; readonly bodyPartner?: string }
  | { readonly kind: 'anywhere' | 'signed-in' | 'public' };

export interface Expectation {
  readonly needs: Permission | 'signed-in' | undefined;
  readonly at: At;
  /** How the request is answered once it is permitted. Nothing it asks for is carried out. */
  readonly answers: readonly number[];
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

const GROUP: At = { kind: 'group' };
const PROJECT: At = { kind: 'project' };
const WITHIN: At = { kind: 'within' };
const PARTNER: At = { kind: 'partner' };
const ANYWHERE: At = { kind: 'anywhere' };

const reads = (needs: Permission, at: At): Expectation => ({ needs, at, answers: [200] });
/** Turned away for its form, after it was permitted. */
const malformed = (needs: Permission, at: At): Expectation => ({ needs, at, answers: [400], body: {} });
/** Turned away for its revision, after it was permitted. */
const stale = (needs: Permission, at: At, body?: object): Expectation => ({
  needs,
  at,
  answers: [412],
  headers: { 'if-match': '"999999"' },
  ...(body === undefined ? {} : { body }),
});
/** Looks for what is not there, after it was permitted. */
const misses = (needs: Permission, at: At): Expectation => ({ needs, at, answers: [404] });
const personal = (...answers: readonly number[]): Expectation => ({
  needs: 'signed-in',
  at: { kind: 'signed-in' },
  answers,
  body: {},
});
const openToRead = (...answers: readonly number[]): Expectation => ({
  needs: undefined,
  at: { kind: 'public' },
  answers,
});
const open = (...answers: readonly number[]): Expectation => ({ ...openToRead(...answers), body: {} });

const G = '/projects/{p}/groups/{g}';

/**
 * Public addresses outside `/api/v1`, which the OpenAPI document does not contain: files that are the same for everybody.
 * A page of a link that is missing here fails the suite. Besides them there are `/health/live`, `/health/ready` and `/metrics`.
 */
export const PUBLIC_FILES = [
  '/',
  '/sign-in',
  '/password',
  '/invitations',
  '/registrations',
  '/projects/:projectId/groups/:groupId',
  '/link-pages/page.js',
  '/link-pages/page.css',
];

/** Every route there is. One that is missing here fails the suite. */
export const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  'GET /partners': reads('partners:read', ANYWHERE),
  'POST /partners': malformed('partners:manage', { kind: 'partner', bodyPartner: 'parentPartnerId' }),
  'GET /partners/{partnerId}': reads('partners:read', PARTNER),
  'GET /partners/{partnerId}/administrators': reads('partners:read', PARTNER),
  'POST /partners/{partnerId}/administrators': malformed('partners:manage', PARTNER),
  'DELETE /partners/{partnerId}/administrators/{userId}': misses('partners:manage', PARTNER),
  'POST /partners/{partnerId}/promote': { ...stale('system:manage', ANYWHERE), answers: [404, 409, 412] },
  'POST /partners/{partnerId}/allow-postpaid': { ...stale('system:manage', ANYWHERE), answers: [404, 409, 412] },
  'POST /partners/{partnerId}/withdraw-postpaid': { ...stale('system:manage', ANYWHERE), answers: [404, 409, 412] },
  // A distributor closes the partners below it, not itself; with something open below nothing is closed.
  'POST /partners/{partnerId}/close': {
    ...stale('partners:manage', PARTNER, { reason: 'Over' }),
    answers: [403, 409, 412],
  },
  // Only a distributor has a code.
  'POST /partners/{partnerId}/join-code': { needs: 'partners:manage', at: PARTNER, answers: [201, 400] },
  'DELETE /partners/{partnerId}/join-code': { needs: 'partners:manage', at: PARTNER, answers: [204] },
  'GET /partners/{partnerId}/join-requests': reads('partners:manage', PARTNER),
  'POST /partners/{partnerId}/join-requests/{joinRequestId}/approve': misses('partners:manage', PARTNER),
  'POST /partners/{partnerId}/join-requests/{joinRequestId}/reject': malformed('partners:manage', PARTNER),
  'GET /partners/{partnerId}/stock': reads('stock:read', PARTNER),
  'POST /partners/{partnerId}/packages': malformed('packages:record', PARTNER),
  'POST /partners/{partnerId}/packages/{packageId}/sales': malformed('stock:sell', PARTNER),

  'GET /device-catalogue': reads('system:manage', ANYWHERE),
  'PUT /device-catalogue': malformed('system:manage', ANYWHERE),
  // Closed where none is open: nothing is carried out.
  'DELETE /device-catalogue': { needs: 'system:manage', at: ANYWHERE, answers: [204] },

  'GET /projects': reads('projects:read', ANYWHERE),
  'POST /projects': malformed('projects:manage', { kind: 'partner', bodyPartner: 'partnerId' }),
  'GET /projects/{p}': reads('projects:read', WITHIN),
  // From above alone: nobody in here has the permission in the project itself.
  'POST /projects/{p}/close': stale('projects:manage', PROJECT, { reason: 'Sold' }),
  'GET /projects/{p}/groups': reads('groups:read', WITHIN),
  'POST /projects/{p}/groups': malformed('groups:manage', { kind: 'group', bodyGroup: 'parentId' }),
  'POST /projects/{p}/groups/generate': {
    ...malformed('groups:manage', { kind: 'group', bodyGroup: 'parentId' }),
    body: { buildings: { count: 0 } },
  },
  [`GET ${G}`]: reads('groups:read', GROUP),
  [`PATCH ${G}`]: stale('groups:manage', GROUP, { name: 'Another name' }),
  [`DELETE ${G}`]: stale('groups:manage', GROUP),
  [`POST ${G}/move`]: malformed('groups:manage', GROUP),
  [`POST ${G}/relocation-check`]: malformed('system:manage', GROUP),
  [`POST ${G}/departure-check`]: { needs: 'system:manage', at: GROUP, answers: [204] },

  [`GET ${G}/members`]: reads('members:read', GROUP),
  [`POST ${G}/members`]: malformed('members:manage', GROUP),
  [`DELETE ${G}/members/{memberId}`]: stale('members:manage', GROUP),
  [`GET ${G}/members/{u}/quota`]: reads('assignments:read-own', GROUP),
  [`PUT ${G}/members/{u}/limits`]: { ...malformed('restrictions:manage', GROUP), body: { limits: 1 } },
  [`GET ${G}/invitations`]: reads('members:read', GROUP),
  [`POST ${G}/invitations`]: malformed('members:manage', GROUP),
  [`POST ${G}/invitations/{invitationId}/resend`]: misses('members:manage', GROUP),
  [`DELETE ${G}/invitations/{invitationId}`]: misses('members:manage', GROUP),
  [`GET ${G}/devices`]: reads('devices:read', GROUP),
  [`POST ${G}/devices`]: malformed('devices:manage', GROUP),
  [`PATCH ${G}/devices/{serialNumber}`]: malformed('devices:manage', GROUP),
  [`DELETE ${G}/devices/{serialNumber}`]: stale('devices:manage', GROUP),

  'GET /projects/{p}/licenses': reads('licenses:read', PROJECT),
  'POST /projects/{p}/clock-corrections': stale('system:manage', PROJECT),
  'POST /projects/{p}/licenses': malformed('licenses:manage', PROJECT),
  'PATCH /projects/{p}/licenses/{l}': malformed('licenses:manage', PROJECT),
  'POST /projects/{p}/licenses/{l}/extend': malformed('licenses:manage', PROJECT),
  'POST /projects/{p}/licenses/{l}/suspend': malformed('licenses:manage', PROJECT),
  'POST /projects/{p}/licenses/{l}/reinstate': stale('licenses:manage', PROJECT),
  'POST /projects/{p}/licenses/{l}/revoke': malformed('licenses:manage', PROJECT),
  'GET /projects/{p}/billing-terms': reads('statements:read', PROJECT),
  'PUT /projects/{p}/billing-terms': malformed('billing:manage', PROJECT),
  'GET /projects/{p}/usage-periods': reads('statements:read', PROJECT),
  'POST /projects/{p}/usage-periods': malformed('billing:manage', PROJECT),
  'GET /projects/{p}/expiries': reads('licenses:read', WITHIN),
  'GET /expiries': reads('licenses:read', ANYWHERE),
  'GET /projects/{p}/history': reads('history:read', WITHIN),
  'POST /projects/{p}/allotment-transfers': malformed('restrictions:manage', {
    kind: 'group',
    bodyGroup: 'fromGroupId',
  }),
  'POST /projects/{p}/plans': malformed('groups:read', WITHIN),
  'GET /projects/{p}/plans/{planId}': misses('groups:read', WITHIN),
  'POST /projects/{p}/plans/{planId}/apply': misses('groups:read', WITHIN),
  'GET /projects/{p}/export': reads('groups:read', WITHIN),
  'GET /projects/{p}/licensing': reads('system:manage', PROJECT),
  'POST /projects/{p}/rehearsals': malformed('system:manage', PROJECT),
  'PUT /projects/{p}/restrictions': malformed('restrictions:manage', WITHIN),
  'POST /projects/{p}/assignments': malformed('assignments:manage', WITHIN),
  'POST /projects/{p}/releases': malformed('assignments:manage', WITHIN),
  'POST /projects/{p}/quotas': malformed('quotas:read', WITHIN),
  'GET /projects/{p}/tree': reads('quotas:read', WITHIN),
  // A stream would not end.
  'GET /projects/{p}/changes': {
    needs: 'projects:read',
    at: WITHIN,
    answers: [400],
    headers: { 'last-event-id': 'none' },
  },
  [`GET ${G}/restriction`]: reads('restrictions:read', GROUP),
  [`PUT ${G}/restriction`]: stale('restrictions:manage', GROUP, { enabled: false }),
  [`GET ${G}/quota`]: reads('quotas:read', GROUP),
  [`GET ${G}/quota/as-of`]: reads('quotas:read', GROUP),
  // Asked without a resource and without instants.
  [`GET ${G}/quota/why`]: { needs: 'quotas:read', at: GROUP, answers: [400] },
  [`GET ${G}/quota/diff`]: { needs: 'quotas:read', at: GROUP, answers: [400] },
  [`GET ${G}/usage`]: { needs: 'quotas:read', at: GROUP, answers: [400] },
  'GET /projects/{p}/usage/top': { needs: 'quotas:read', at: WITHIN, answers: [400] },
  'GET /usage': { needs: 'quotas:read', at: ANYWHERE, answers: [400] },
  [`GET ${G}/assignments`]: reads('assignments:read-own', GROUP),
  [`POST ${G}/assignments`]: stale('assignments:manage', GROUP, { resource: 'ukey2' }),
  [`PATCH ${G}/assignments/{a}`]: malformed('assignments:manage', GROUP),
  [`DELETE ${G}/assignments/{a}`]: stale('assignments:manage', GROUP),

  // The server administrator names the tenant.
  'GET /roles': { needs: 'roles:read', at: ANYWHERE, answers: [200, 400] },
  'POST /roles': malformed('roles:manage', ANYWHERE),
  'PUT /roles/{roleId}': malformed('roles:manage', ANYWHERE),
  'DELETE /roles/{roleId}': { needs: 'roles:manage', at: ANYWHERE, answers: [400, 404] },
  'GET /api-keys': reads('api-keys:manage', ANYWHERE),
  'POST /api-keys': malformed('api-keys:manage', ANYWHERE),
  'DELETE /api-keys/{keyId}': misses('api-keys:manage', ANYWHERE),
  'GET /audit': reads('audit:read', ANYWHERE),
  'GET /events': reads('events:read', ANYWHERE),
  'GET /exports': reads('events:read', ANYWHERE),
  'POST /exports': malformed('events:read', ANYWHERE),
  'GET /exports/{exportId}': misses('events:read', ANYWHERE),
  'GET /exports/{exportId}/files/{file}': misses('events:read', ANYWHERE),
  'DELETE /exports/{exportId}': misses('events:read', ANYWHERE),
  'GET /accounts': reads('statements:read', ANYWHERE),
  'GET /accounts/{accountId}': misses('statements:read', ANYWHERE),
  'PUT /accounts/{accountId}/terms': { ...misses('billing:manage', ANYWHERE), body: {} },
  'GET /accounts/{accountId}/statements': misses('statements:read', ANYWHERE),
  'GET /accounts/{accountId}/statements/current': misses('statements:read', ANYWHERE),
  'GET /accounts/{accountId}/reconciliation': misses('statements:read', ANYWHERE),
  'POST /accounts/{accountId}/adjustments': malformed('billing:manage', ANYWHERE),
  'GET /statements/{statementId}': misses('statements:read', ANYWHERE),
  'GET /statements/{statementId}.json': misses('statements:read', ANYWHERE),
  'GET /statements/{statementId}.csv': misses('statements:read', ANYWHERE),
  'GET /statements/{statementId}.parquet': misses('statements:read', ANYWHERE),
  'GET /statements/{statementId}.focus.csv': misses('statements:read', ANYWHERE),
  'POST /statements/{statementId}/credit-notes': malformed('billing:manage', ANYWHERE),
  'GET /statement-keys': { ...open(200), body: undefined as never },
  // Without a text; each kind of things has a permission of its own.
  'GET /search': { needs: 'signed-in', at: { kind: 'signed-in' }, answers: [400] },
  'POST /users/{userId}/deactivate': malformed('system:manage', ANYWHERE),
  'POST /users/{userId}/reinstate': malformed('system:manage', ANYWHERE),

  'GET /deliveries': reads('mail:read', ANYWHERE),
  'GET /deliveries/{id}': misses('mail:read', ANYWHERE),
  'POST /deliveries/{id}/retry': misses('mail:manage', ANYWHERE),
  'GET /outbox': reads('mail:read', ANYWHERE),
  'GET /outbox/{id}': misses('mail:read', ANYWHERE),
  'GET /outbox/{id}/html': misses('mail:read', ANYWHERE),
  'GET /mail-templates': reads('mail:read', ANYWHERE),
  'GET /mail-templates/{mailType}': reads('mail:read', ANYWHERE),
  'PUT /mail-templates/{mailType}': malformed('mail:manage', ANYWHERE),
  'DELETE /mail-templates/{mailType}': stale('mail:manage', ANYWHERE),
  'POST /mail-templates/{mailType}/preview': { needs: 'mail:read', at: ANYWHERE, answers: [200], body: {} },
  'POST /mail-templates/{mailType}/test': {
    needs: 'mail:manage',
    at: ANYWHERE,
    answers: [400],
    body: { to: 'nobody' },
  },

  'GET /webhook-endpoints': reads('webhooks:manage', ANYWHERE),
  'POST /webhook-endpoints': malformed('webhooks:manage', ANYWHERE),
  'GET /webhook-endpoints/{endpointId}': misses('webhooks:manage', ANYWHERE),
  'PATCH /webhook-endpoints/{endpointId}': {
    ...misses('webhooks:manage', ANYWHERE),
    body: { status: 'paused' },
  },
  'DELETE /webhook-endpoints/{endpointId}': misses('webhooks:manage', ANYWHERE),
  'GET /webhook-endpoints/{endpointId}/deliveries': misses('webhooks:manage', ANYWHERE),
  'POST /webhook-endpoints/{endpointId}/replay': malformed('webhooks:manage', ANYWHERE),
  'POST /webhook-endpoints/{endpointId}/rotate': { ...misses('webhooks:manage', ANYWHERE), body: {} },
  'POST /webhook-endpoints/{endpointId}/test': misses('webhooks:manage', ANYWHERE),

  'GET /group-service/projections': reads('system:manage', ANYWHERE),
  'POST /group-service/projections/{name}/rebuild': misses('system:manage', ANYWHERE),
  'POST /group-service/projections/{name}/verify': misses('system:manage', ANYWHERE),
  'GET /license-service/projections': reads('system:manage', ANYWHERE),
  'POST /license-service/projections/{name}/rebuild': misses('system:manage', ANYWHERE),
  'POST /license-service/projections/{name}/verify': misses('system:manage', ANYWHERE),
  'GET /reporting-service/projections': reads('system:manage', ANYWHERE),
  'POST /reporting-service/projections/{name}/rebuild': misses('system:manage', ANYWHERE),
  'POST /reporting-service/projections/{name}/verify': misses('system:manage', ANYWHERE),

  'GET /me': { ...personal(200, 404), body: undefined as never },
  'PATCH /me': personal(400),
  'POST /me/password': personal(400),
  'GET /me/sessions': { ...personal(200), body: undefined as never },
  'DELETE /me/sessions': personal(204),
  'DELETE /me/sessions/{sessionId}': personal(404),
  'POST /me/invitations': personal(400),

  'GET /webhook-keys': { ...open(400), body: undefined as never },
  'POST /auth/token': open(400),
  'POST /auth/revoke': open(400),
  'POST /auth/session': open(400),
  'POST /auth/session/refresh': open(200),
  'DELETE /auth/session': open(200),
  'POST /auth/session/openid': open(403),
  'GET /auth/session/openid/callback': openToRead(303),
  'GET /auth/sign-in-methods': openToRead(200),
  'POST /auth/password-resets': open(400),
  'POST /auth/password-resets/confirm': open(400),
  'POST /registrations': open(400),
  'POST /registrations/confirm': open(400),
  'POST /invitations/accept': open(400),
  'POST /invitations/preview': open(400),
};

/** `null`: a place that never was. */
export type Situation = Place | null;

const GROUPS: readonly Situation[] = [
  'buildingA',
  'unitA1',
  'project',
  'buildingB',
  'otherProject',
  'otherBuilding',
  'foreignProject',
  'foreignBuilding',
  null,
];
const SITUATIONS: Readonly<Record<At['kind'], readonly Situation[]>> = {
  group: GROUPS,
  project: ['project', 'otherProject', 'foreignProject', null],
  within: ['project', 'otherProject', 'foreignProject', null],
  partner: ['nord', 'dealer', 'otherDealer', 'sued', null],
  anywhere: [null],
  'signed-in': [null],
  public: [null],
};
export const situationsOf = ({ at }: Expectation): readonly Situation[] => SITUATIONS[at.kind];

const NOWHERE = 'f0000000-0000-4000-8000-000000000000';
const OTHER_PARAMETERS: Readonly<Record<string, string>> = {
  mailType: 'license_ended',
  name: 'nothing',
  accountId: `vendor:${NOWHERE}`,
};

/** The project a place lies in. */
export const projectOf = (place: Situation): Place | null => {
  if (place === null) return null;
  if (place.startsWith('other')) return 'otherProject';
  return place.startsWith('foreign') ? 'foreignProject' : 'project';
};

/** The request of a route in a situation: what its path and body name lies at the place. */
export const requestFor = (
  route: string,
  { at, body }: Expectation,
  { ids }: World,
  { place, userId }: { readonly place: Situation; readonly userId: string },
): { method: string; path: string; body?: object } => {
  const [method = '', template = ''] = route.split(' ');
  const id = place === null ? NOWHERE : ids[place];
  const project = projectOf(place);
  const named: Record<string, string> = {
    p: project === null ? NOWHERE : ids[project],
    g: id,
    partnerId: id,
    u: userId,
    ...OTHER_PARAMETERS,
  };
  const path = template.replace(/\{(\w+)\}/g, (_match, name: string) => named[name] ?? NOWHERE);
  const field = at.kind === 'group' ? at.bodyGroup : at.kind === 'partner' ? at.bodyPartner : undefined;
  const whole = field === undefined ? body : { ...body, [field]: id };
  return { method, path, ...(whole === undefined ? {} : { body: whole }) };
};

export const idOf = (place: Situation, { ids }: World): string => (place === null ? NOWHERE : ids[place]);
