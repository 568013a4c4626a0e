import { GERMAN } from './de.js';
import { ENGLISH } from './en.js';
import { Wording } from './wording.js';

/** The languages mails are written in. */
export const MAIL_LANGUAGES = ['en', 'de'] as const;
export type MailLanguage = (typeof MAIL_LANGUAGES)[number];

export const WORDINGS: Readonly<Record<MailLanguage, Wording>> = {
  en: new Wording(ENGLISH),
  de: new Wording(GERMAN),
};

/** The language of a mail to somebody who prefers this one, a BCP 47 tag: `de-AT` is German, others are English. */
export function mailLanguageOf(tag: string | null | undefined): MailLanguage {
  const primary = tag?.trim().split(/[-_]/)[0]?.toLowerCase();
  return MAIL_LANGUAGES.find((language) => language === primary) ?? 'en';
}
