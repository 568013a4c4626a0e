import { readFileSync } from 'node:fs';
import { MAIL_TYPES, type MailTypeName } from '@allotree/contracts';
import type { TemplateSource } from './compile.js';
import { MAIL_LANGUAGES, type MailLanguage } from '../wording/languages.js';

type Subjects = Readonly<Record<MailTypeName, string>>;

const SUBJECTS: Readonly<Record<MailLanguage, Subjects>> = {
  en: {
    license_expiry_reminder: ':project: licenses end in :days_left',
    license_ended: ':project: licenses have ended',
    license_restored: ':project: licenses work again',
    trial_started: ':project: your trial has started',
    webhook_disabled: 'Webhooks have stopped: :endpoint',
    invitation: ':inviter has invited you to :project',
    registration: 'Confirm your email address to register :partner',
    registration_known: 'You already have an account',
    password_reset: 'Choose a password',
    password_changed: 'Your password was changed',
  },
  de: {
    license_expiry_reminder: ':project: Lizenzen enden in :days_left',
    license_ended: ':project: Lizenzen sind abgelaufen',
    license_restored: ':project: Lizenzen gelten wieder',
    trial_started: ':project: Ihre Testphase hat begonnen',
    webhook_disabled: 'Webhooks angehalten: :endpoint',
    invitation: ':inviter lädt Sie zu :project ein',
    registration: 'Bestätigen Sie Ihre E-Mail-Adresse für :partner',
    registration_known: 'Sie haben bereits ein Konto',
    password_reset: 'Passwort wählen',
    password_changed: 'Ihr Passwort wurde geändert',
  },
};

const read = (language: MailLanguage, mailType: MailTypeName): TemplateSource => ({
  subject: SUBJECTS[language][mailType],
  html: readFileSync(new URL(`./defaults/${language}/${mailType}.html`, import.meta.url), 'utf8'),
});

/** Something for every mail in every language. */
export const ofEveryMail = <Value>(
  make: (language: MailLanguage, mailType: MailTypeName) => Value,
): Readonly<Record<MailLanguage, Readonly<Record<MailTypeName, Value>>>> =>
  Object.fromEntries(
    MAIL_LANGUAGES.map((language) => [
      language,
      Object.fromEntries(MAIL_TYPES.map((mailType) => [mailType, make(language, mailType)])),
    ]),
  ) as Readonly<Record<MailLanguage, Readonly<Record<MailTypeName, Value>>>>;

/** The templates as delivered; their HTML is made of the MJML beside it (tools/mail-templates.mjs). */
export const DEFAULT_TEMPLATES = ofEveryMail(read);
