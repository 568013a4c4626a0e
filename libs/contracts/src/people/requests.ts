import { z } from 'zod';
import { PermissionName } from '../access/permissions.js';
import { Email, PlainName, RoleName, TimeZone } from '../groups/words.js';
import { Id, IsoInstant, readOnly } from '../http/common.js';
import { Me } from './responses.js';

/** Long rather than strange: any characters, no rules of composition. */
export const Password = z
  .string()
  .min(10, 'must have at least 10 characters')
  .max(1_000)
  .regex(/^\P{Cs}*$/u, 'must be well-formed Unicode');

/** What is random in a link or a refresh token: 256 bit. */
const Secret = z.string().min(20).max(200);
const anyPassword = z.string().min(1).max(1_000);
const anyEmail = z.string().trim().min(3).max(320);

const isLanguage = (tag: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
};

/** A BCP 47 tag. */
export const Language = z
  .string()
  .min(2)
  .max(35)
  .refine(isLanguage, { error: 'must be a language tag, such as de or en-GB' });

const details = { timeZone: TimeZone.default('UTC'), language: Language.default('en') };

/** `POST /auth/token`. Without `grant_type` it is `password`. */
export const TokenRequest = z
  .discriminatedUnion('grant_type', [
    z.strictObject({ grant_type: z.literal('password').optional(), email: anyEmail, password: anyPassword }),
    z.strictObject({ grant_type: z.literal('refresh_token'), refresh_token: Secret }),
    z.strictObject({ grant_type: z.literal('client_credentials'), client_id: Id, client_secret: Secret }),
  ])
  .meta({
    examples: [
      { email: 'ada@nordlicht.example', password: 'correct horse battery staple' },
      { grant_type: 'refresh_token', refresh_token: 'dGhlIHJlZnJlc2ggdG9rZW4gb2YgYSBzZXNzaW9u' },
    ],
  });
export type TokenRequest = z.infer<typeof TokenRequest>;

/** `POST /auth/session` */
export const BrowserSignInRequest = z.strictObject({ email: anyEmail, password: anyPassword });
export type BrowserSignInRequest = z.infer<typeof BrowserSignInRequest>;
/** `POST /auth/session/refresh`: the cookie says everything. */
export const RefreshSessionRequest = z.strictObject({}).optional();

/** A page of the console; never another site, which browsers also make of `//host` and of characters that they drop. */
const OwnPage = z
  .string()
  .max(2_000)
  .regex(/^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/, 'must be the path of a page, such as /projects');

/** `POST /auth/session/openid` */
export const OpenIdSignInRequest = z.strictObject({ to: OwnPage.optional() });
export type OpenIdSignInRequest = z.infer<typeof OpenIdSignInRequest>;

/** `GET /auth/session/openid/callback`: providers send more than these. */
export const OpenIdCallbackQuery = z.looseObject({
  state: z.string().max(2_000).optional(),
  code: z.string().max(4_096).optional(),
  error: z.string().max(2_000).optional(),
  iss: z.string().max(2_000).optional(),
});
export type OpenIdCallbackQuery = z.infer<typeof OpenIdCallbackQuery>;

/** `POST /auth/revoke` (RFC 7009): a refresh token; any other text is answered alike. */
export const RevokeTokenRequest = z
  .strictObject({ token: z.string().min(1).max(4_096) })
  .meta({ examples: [{ token: 'dGhlIHJlZnJlc2ggdG9rZW4gb2YgYSBzZXNzaW9u' }] });
export type RevokeTokenRequest = z.infer<typeof RevokeTokenRequest>;

/**
 * `POST /registrations` (L1, P1). With `joinCode` it becomes a request to the distributor that has this code; the
 * partner exists once the distributor approves it.
 */
export const RegistrationRequest = z
  .strictObject({
    kind: z.enum(['dealer', 'management_company']),
    partnerName: PlainName,
    /** The partner's first project. */
    objectName: PlainName,
    name: PlainName,
    email: Email,
    ...details,
    joinCode: Secret.optional(),
  })
  .meta({
    examples: [
      {
        kind: 'dealer',
        partnerName: 'Dahl Installations',
        objectName: 'Harbour Quay',
        name: 'Ben Dahl',
        email: 'ben@dahl.example',
        timeZone: 'Europe/Berlin',
        language: 'de',
      },
    ],
  });
export type RegistrationRequest = z.infer<typeof RegistrationRequest>;

/** `POST /registrations/confirm`: the token of the link, or the code of the mail, with the password of the new account. */
export const ConfirmRegistrationRequest = z
  .strictObject({
    token: Secret.optional(),
    registrationId: Id.optional(),
    code: z
      .string()
      .regex(/^\d{8}$/, 'must be the 8 digits of the mail')
      .optional(),
    password: Password,
  })
  .refine(
    ({ token, registrationId, code }) =>
      token === undefined
        ? registrationId !== undefined && code !== undefined
        : registrationId === undefined && code === undefined,
    { error: 'give the token, or the registrationId with its code' },
  )
  .meta({
    examples: [
      {
        registrationId: 'a3f0c2d4-1b2c-8d3e-9f40-51a2b3c4d5e6',
        code: '20461975',
        password: 'correct horse battery staple',
      },
    ],
  });
export type ConfirmRegistrationRequest = z.infer<typeof ConfirmRegistrationRequest>;

/** `POST /auth/password-resets` */
export const ResetPasswordRequest = z
  .strictObject({ email: Email })
  .meta({ examples: [{ email: 'ada@nordlicht.example' }] });
export type ResetPasswordRequest = z.infer<typeof ResetPasswordRequest>;

/** `POST /auth/password-resets/confirm` */
export const ConfirmPasswordResetRequest = z
  .strictObject({ token: Secret, password: Password })
  .meta({ examples: [{ token: 'dGhlIHRva2VuIG9mIHRoZSBsaW5r', password: 'correct horse battery staple' }] });
export type ConfirmPasswordResetRequest = z.infer<typeof ConfirmPasswordResetRequest>;

/** How many people one call invites at most. */
export const MAX_INVITATIONS = 500;

/** `POST /projects/{p}/groups/{g}/invitations` */
export const InviteRequest = z
  .strictObject({
    invitations: z
      .array(z.strictObject({ email: Email, name: PlainName, role: RoleName }))
      .min(1)
      .max(MAX_INVITATIONS),
  })
  .meta({ examples: [{ invitations: [{ email: 'kim@example.com', name: 'Kim Larsen', role: 'concierge' }] }] });
export type InviteRequest = z.infer<typeof InviteRequest>;

/** `POST /invitations/preview`, `POST /me/invitations` */
export const InvitationToken = z
  .strictObject({ token: Secret })
  .meta({ examples: [{ token: 'dGhlIHRva2VuIG9mIHRoZSBsaW5r' }] });
export type InvitationToken = z.infer<typeof InvitationToken>;

/** `POST /invitations/accept`: with a new password, or with the one of the account that is there already. */
export const AcceptInvitationRequest = z
  .strictObject({ token: Secret, password: Password, name: PlainName.optional(), ...details })
  .meta({ examples: [{ token: 'dGhlIHRva2VuIG9mIHRoZSBsaW5r', password: 'correct horse battery staple' }] });
export type AcceptInvitationRequest = z.infer<typeof AcceptInvitationRequest>;

/** `PATCH /me` */
export const ChangeMeRequest = z
  .strictObject({
    name: PlainName.optional(),
    timeZone: TimeZone.nullable().optional(),
    language: Language.nullable().optional(),
    userId: readOnly(Me.shape.userId),
    email: readOnly(Me.shape.email),
    tenantIds: readOnly(Me.shape.tenantIds),
    serverAdministrator: readOnly(Me.shape.serverAdministrator),
    permissions: readOnly(Me.shape.permissions),
    memberships: readOnly(Me.shape.memberships),
    sessionId: readOnly(Me.shape.sessionId),
  })
  .refine(({ name, timeZone, language }) => [name, timeZone, language].some((value) => value !== undefined), {
    error: 'name what changes: name, timeZone, language',
  })
  .meta({ examples: [{ timeZone: 'Europe/Oslo' }] });
export type ChangeMeRequest = z.infer<typeof ChangeMeRequest>;

/** `POST /me/password` */
export const ChangePasswordRequest = z
  .strictObject({ currentPassword: anyPassword, newPassword: Password })
  .meta({ examples: [{ currentPassword: 'correct horse', newPassword: 'correct horse battery staple' }] });
export type ChangePasswordRequest = z.infer<typeof ChangePasswordRequest>;

/** `POST /api-keys`. `tenantId`: only for callers without a tenant. */
export const CreateApiKeyRequest = z
  .strictObject({
    name: PlainName,
    permissions: z.array(PermissionName).min(1).max(100),
    expiresAt: IsoInstant.optional(),
    tenantId: Id.optional(),
  })
  .meta({ examples: [{ name: 'billing', permissions: ['projects:read', 'licenses:read', 'history:read'] }] });
export type CreateApiKeyRequest = z.infer<typeof CreateApiKeyRequest>;

/** `POST /users/{userId}/deactivate`, `POST /users/{userId}/reinstate` */
export const UserStatusRequest = z
  .strictObject({ reason: PlainName })
  .meta({ examples: [{ reason: 'The account was taken over' }] });
export type UserStatusRequest = z.infer<typeof UserStatusRequest>;
