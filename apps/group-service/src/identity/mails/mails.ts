import { LINK_PATHS, linklessText, secretLink, type AccountMailJob } from '@allotree/contracts';
import type { UserFacts } from '@allotree/domain';

/**
 * The mails about accounts, written with the vendor's templates alone (P3): a tenant's template could lead somebody astray
 * who holds memberships elsewhere. A link's secret stands behind a #: it is sent to no server.
 */

type Recipient = Pick<UserFacts, 'email' | 'name' | 'language'>;

const mail = (
  mailType: AccountMailJob['mailType'],
  { email, name, language }: Recipient,
  path: string,
  values: AccountMailJob['values'] = {},
): AccountMailJob => ({ mailType, tenantId: null, to: email, name, language, path, values });

export const registrationMail = (
  recipient: Recipient,
  { token, code, partner, project }: Readonly<Record<'token' | 'code' | 'partner' | 'project', string>>,
): AccountMailJob =>
  // Anybody can register any address: nothing of what is written there leads anywhere.
  mail('registration', { ...recipient, name: linklessText(recipient.name) }, secretLink('registration', token), {
    code,
    partner: linklessText(partner),
    project: linklessText(project),
  });

export const registrationKnownMail = (recipient: Recipient): AccountMailJob =>
  mail('registration_known', { ...recipient, name: linklessText(recipient.name) }, LINK_PATHS.signIn);

export const passwordResetMail = (recipient: Recipient, token: string): AccountMailJob =>
  mail('password_reset', recipient, secretLink('password', token));

export const passwordChangedMail = (
  { timeZone, ...user }: Recipient & Pick<UserFacts, 'timeZone'>,
  at: Date,
): AccountMailJob => ({
  ...mail('password_changed', user, LINK_PATHS.password),
  changed: { at: at.toISOString(), timeZone },
});

export const invitationMail = (
  recipient: Recipient,
  token: string,
  { inviter, ...place }: Readonly<Record<'role' | 'group' | 'project', string>> & { readonly inviter: string | null },
): AccountMailJob =>
  mail('invitation', recipient, secretLink('invitation', token), inviter === null ? place : { inviter, ...place });

/** A mail with a link that ends then: it is not sent when it could not be followed any more. */
export const withEnd = (job: AccountMailJob, expiresAt: Date): AccountMailJob => ({
  ...job,
  expiresAt: expiresAt.toISOString(),
});
