import type { Provider, Type } from '@nestjs/common';
import { AcceptInvitationController } from './invitations/accept-invitation/accept-invitation.controller.js';
import { AccountMails } from './mails/account-mails.js';
import { Accounts } from './accounts/accounts.js';
import { GivenNames } from './accounts/given-names.js';
import { ApiKeys } from './api-keys/api-keys.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { Attempts } from './sessions/attempts.js';
import { Audit } from './audit/audit.js';
import { AuditTrailController } from './audit/audit-trail/audit-trail.controller.js';
import { ExternalPeople } from './accounts/external-people.js';
import { GuardedSignIn } from './sessions/guarded-sign-in.js';
import { Invitations } from './invitations/invitations.js';
import { InviteController } from './invitations/invite/invite.controller.js';
import { SendInvitations } from './invitations/invite/send-invitations.js';
import { KnownNetworks } from './sessions/known-networks.js';
import { LinkPages } from './link-pages/link-pages.js';
import { MailQuotas } from './mails/mail-quotas.js';
import { MyAccountController } from './accounts/my-account/my-account.controller.js';
import { OwnAccess } from './accounts/own-access.js';
import { PasswordChanges } from './accounts/password-changes.js';
import { Passwords } from './accounts/passwords.js';
import { IdentityWork } from './identity-work.js';
import { CompleteRegistration } from './accounts/register/complete-registration.js';
import { RegisterController } from './accounts/register/register.controller.js';
import { ResetPasswordController } from './accounts/reset-password/reset-password.controller.js';
import { Sessions } from './sessions/sessions.js';
import { BrowserSessionController } from './sessions/browser-session/browser-session.controller.js';
import { OpenIdProvider } from './sessions/openid-provider.js';
import { OpenIdSignIn } from './sessions/openid-sign-in/openid-sign-in.js';
import { OpenIdSignInController } from './sessions/openid-sign-in/openid-sign-in.controller.js';
import { SignInController } from './sessions/sign-in/sign-in.controller.js';
import { UserStatusController } from './accounts/user-status/user-status.controller.js';

export const IDENTITY_CONTROLLERS: Type[] = [
  SignInController,
  BrowserSessionController,
  OpenIdSignInController,
  MyAccountController,
  RegisterController,
  InviteController,
  AcceptInvitationController,
  ResetPasswordController,
  ApiKeysController,
  AuditTrailController,
  UserStatusController,
];

export const IDENTITY: Provider[] = [
  Accounts,
  GivenNames,
  Passwords,
  PasswordChanges,
  OwnAccess,
  Attempts,
  KnownNetworks,
  Audit,
  AccountMails,
  Sessions,
  GuardedSignIn,
  OpenIdProvider,
  OpenIdSignIn,
  ApiKeys,
  Invitations,
  SendInvitations,
  MailQuotas,
  CompleteRegistration,
  ExternalPeople,
  IdentityWork,
  LinkPages,
];
