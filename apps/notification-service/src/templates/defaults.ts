import { readFileSync } from 'node:fs';
import { MAIL_TYPES, type MailTypeName } from '@allotree/contracts';
import type { TemplateSource } from './compile.js';

const SUBJECTS: Readonly<Record<MailTypeName, string>> = {
  license_expiry_reminder: ':project: licenses end in :days_left',
  license_ended: ':project: licenses have ended',
  license_restored: ':project: licenses work again',
  trial_started: ':project: your trial has started',
  invitation: ':inviter has invited you to :project',
  registration: 'Confirm your email address to register :partner',
  registration_known: 'You already have an account',
  password_reset: 'Choose a password',
  password_changed: 'Your password was changed',
};

const read = (mailType: MailTypeName): TemplateSource => ({
  subject: SUBJECTS[mailType],
  html: readFileSync(new URL(`./defaults/${mailType}.html`, import.meta.url), 'utf8'),
});

/** The templates as delivered; their HTML is made of the MJML beside it (tools/mail-templates.mjs). */
export const DEFAULT_TEMPLATES = Object.fromEntries(
  MAIL_TYPES.map((mailType) => [mailType, read(mailType)]),
) as Readonly<Record<MailTypeName, TemplateSource>>;
