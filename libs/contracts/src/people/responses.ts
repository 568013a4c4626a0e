import { z } from 'zod';
import { PermissionName } from '../access/permissions.js';
import { Id, IsoInstant, pageOf } from '../http/common.js';

/** `refresh_token`: good once; with it comes the next one. A machine has none: it signs in again. */
export const IssuedTokens = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  refresh_token: z.string().optional(),
});
export type IssuedTokens = z.infer<typeof IssuedTokens>;

/** `POST /auth/session`: the refresh token is in a cookie. */
export const BrowserSession = IssuedTokens.omit({ refresh_token: true });
export type BrowserSession = z.infer<typeof BrowserSession>;

/** `POST /auth/session/refresh`: `access_token` is `null` where the browser has no session. */
export const RefreshedSession = BrowserSession.extend({ access_token: z.string().nullable() });
export type RefreshedSession = z.infer<typeof RefreshedSession>;

/** `DELETE /auth/session`: `continueAt` is the page of the OpenID provider where its own session ends, if it has one. */
export const EndedSession = z.object({ continueAt: z.url().nullable() });
export type EndedSession = z.infer<typeof EndedSession>;

/** `GET /auth/sign-in-methods`: by password, and with an OpenID provider (`null`: none). */
export const SignInMethods = z.object({ password: z.boolean(), openId: z.object({ label: z.string() }).nullable() });
export type SignInMethods = z.infer<typeof SignInMethods>;

/** `POST /auth/session/openid`: the page of the OpenID provider where the person signs in. */
export const StartedOpenIdSignIn = z.object({ location: z.url() });
export type StartedOpenIdSignIn = z.infer<typeof StartedOpenIdSignIn>;

/** The same whether the address is known or not. */
export const StartedRegistration = z.object({ registrationId: Id, expiresAt: IsoInstant });
export type StartedRegistration = z.infer<typeof StartedRegistration>;

/**
 * `joinRequestId`: the distributor has to approve; until then there is neither partner nor project (`null`). `session: null`:
 * it was confirmed before, or the address had an account by then; sign in.
 */
export const ConfirmedRegistration = z.object({
  partnerId: Id.nullable(),
  projectId: Id.nullable(),
  joinRequestId: Id.nullable(),
  userId: Id,
  session: IssuedTokens.nullable(),
});
export type ConfirmedRegistration = z.infer<typeof ConfirmedRegistration>;

export const InvitationStatusName = z.enum(['open', 'accepted', 'revoked', 'expired']);

export const InvitationItem = z.object({
  invitationId: Id,
  groupId: Id,
  email: z.string(),
  name: z.string(),
  role: z.string(),
  status: InvitationStatusName,
  invitedAt: IsoInstant,
  expiresAt: IsoInstant,
  acceptedAt: IsoInstant.nullable(),
});
export type InvitationItem = z.infer<typeof InvitationItem>;
export const InvitationPage = pageOf(InvitationItem);
export const CreatedInvitations = z.object({ invitations: z.array(InvitationItem) });
export type CreatedInvitations = z.infer<typeof CreatedInvitations>;

/** The invitation as shown for its link. `hasPassword`: an account is there; its password accepts. */
export const InvitationPreview = z.object({
  email: z.string(),
  name: z.string(),
  project: z.string(),
  group: z.string(),
  role: z.string(),
  hasPassword: z.boolean(),
  expiresAt: IsoInstant,
});
export type InvitationPreview = z.infer<typeof InvitationPreview>;

export const AcceptedInvitation = z.object({ projectId: Id, groupId: Id, memberId: Id, userId: Id });
export type AcceptedInvitation = z.infer<typeof AcceptedInvitation>;
export const AcceptedAndSignedIn = AcceptedInvitation.extend({ session: IssuedTokens });
export type AcceptedAndSignedIn = z.infer<typeof AcceptedAndSignedIn>;

/** Where somebody is a member of a group, or has a role at a partner: it counts there and everywhere below. */
export const OwnMembership = z.object({
  tenantId: Id,
  /** Of a role at a partner; `null`: of a group. */
  partnerId: Id.nullable(),
  projectId: Id.nullable(),
  groupId: Id.nullable(),
  permissions: z.array(PermissionName),
});
export type OwnMembership = z.infer<typeof OwnMembership>;

/** `name` and what follows it are `null` for callers without an account: the server administrator, a machine. */
export const Me = z.object({
  userId: Id,
  email: z.string().nullable(),
  /** Where somebody is a member or administrator; of a machine, where its key holds. */
  tenantIds: z.array(Id),
  serverAdministrator: z.boolean(),
  /** Held somewhere; the server administrator holds all of them everywhere. */
  permissions: z.array(PermissionName),
  memberships: z.array(OwnMembership),
  sessionId: Id.nullable(),
  name: z.string().nullable(),
  timeZone: z.string().nullable(),
  language: z.string().nullable(),
});
export type Me = z.infer<typeof Me>;

export const SessionItem = z.object({
  sessionId: Id,
  /** The one that asks. */
  current: z.boolean(),
  address: z.string(),
  userAgent: z.string(),
  createdAt: IsoInstant,
  lastUsedAt: IsoInstant,
  expiresAt: IsoInstant,
});
export type SessionItem = z.infer<typeof SessionItem>;
export const SessionList = z.object({ items: z.array(SessionItem) });
export type SessionList = z.infer<typeof SessionList>;

export const ApiKeyItem = z.object({
  keyId: Id,
  tenantId: Id,
  name: z.string(),
  permissions: z.array(z.string()),
  createdBy: z.string(),
  createdAt: IsoInstant,
  expiresAt: IsoInstant.nullable(),
  /** Exact to a minute. */
  lastUsedAt: IsoInstant.nullable(),
  revokedAt: IsoInstant.nullable(),
});
export type ApiKeyItem = z.infer<typeof ApiKeyItem>;
export const ApiKeyPage = pageOf(ApiKeyItem);

/** `secret` is shown this once. */
export const CreatedApiKey = z.object({ keyId: Id, secret: z.string() });
export type CreatedApiKey = z.infer<typeof CreatedApiKey>;

/** The actions in the audit trail. One that is no longer recorded stays here, because its entries stay. */
export const AUDIT_ACTIONS = [
  'signed_in',
  'sign_in_failed',
  'api_key_signed_in_failed',
  'session_revoked',
  'refresh_token_reused',
  'password_changed',
  'password_reset_requested',
  'account_opened',
  'account_deactivated',
  'account_reinstated',
  'identity_linked',
  'identity_refused',
  'membership_granted',
  'membership_revoked',
  'invited',
  'invitation_accepted',
  'invitation_revoked',
  'role_defined',
  'role_changed',
  'role_removed',
  'api_key_created',
  'api_key_revoked',
  'join_requested',
  'join_approved',
  'join_rejected',
  'join_code_rotated',
  'join_code_revoked',
  'partner_promoted',
  'partner_closed',
  'postpaid_allowed',
  'postpaid_withdrawn',
  'project_closed',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export const AuditItem = z.object({
  at: IsoInstant,
  /** `user:<id>`, `service:<name>` */
  actor: z.string(),
  action: z.string(),
  /** Whom it is about. */
  userId: z.string().nullable(),
  tenantId: Id.nullable(),
  address: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()),
});
export type AuditItem = z.infer<typeof AuditItem>;
export const AuditPage = pageOf(AuditItem);
