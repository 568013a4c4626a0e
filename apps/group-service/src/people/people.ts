import type { Provider, Type } from '@nestjs/common';
import { AcceptInvitationController } from './accept-invitation/accept-invitation.controller.js';
import { AccountMails } from './account-mails.js';
import { Accounts } from './accounts.js';
import { ApiKeys } from './api-keys.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { Attempts } from './attempts.js';
import { Audit } from './audit.js';
import { AuditTrailController } from './audit-trail/audit-trail.controller.js';
import { ExternalPeople } from './external-people.js';
import { GuardedSignIn } from './guarded-sign-in.js';
import { Invitations } from './invitations.js';
import { InviteController } from './invite/invite.controller.js';
import { SendInvitations } from './invite/send-invitations.js';
import { KnownNetworks } from './known-networks.js';
import { LinkPages } from './link-pages/link-pages.js';
import { MailQuotas } from './mail-quotas.js';
import { MyAccountController } from './my-account/my-account.controller.js';
import { OwnTenants } from './own-tenants.js';
import { PasswordChanges } from './password-changes.js';
import { Passwords } from './passwords.js';
import { PeopleWork } from './people-work.js';
import { CompleteRegistration } from './register/complete-registration.js';
import { RegisterController } from './register/register.controller.js';
import { ResetPasswordController } from './reset-password/reset-password.controller.js';
import { Sessions } from './sessions.js';
import { SignInController } from './sign-in/sign-in.controller.js';
import { UserStatusController } from './user-status/user-status.controller.js';

export const PEOPLE_CONTROLLERS: Type[] = [
  SignInController,
  MyAccountController,
  RegisterController,
  InviteController,
  AcceptInvitationController,
  ResetPasswordController,
  ApiKeysController,
  AuditTrailController,
  UserStatusController,
];

export const PEOPLE: Provider[] = [
  Accounts,
  Passwords,
  PasswordChanges,
  OwnTenants,
  Attempts,
  KnownNetworks,
  Audit,
  AccountMails,
  Sessions,
  GuardedSignIn,
  ApiKeys,
  Invitations,
  SendInvitations,
  MailQuotas,
  CompleteRegistration,
  ExternalPeople,
  PeopleWork,
  LinkPages,
];
