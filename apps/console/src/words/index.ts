import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { de } from './de.js';
import { en, type Words } from './en.js';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: Words };
    returnNull: false;
    pluralSeparator: '#';
    contextSeparator: '@';
  }
}

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The language of a tag such as `de-AT`; English where the console has no such language. */
export const languageOf = (tag: string): Language => (tag.toLowerCase().startsWith('de') ? 'de' : 'en');

export const initializeWords = (): Promise<unknown> =>
  i18next.use(initReactI18next).init({
    lng: languageOf(navigator.language),
    fallbackLng: 'en',
    defaultNS: 'words',
    // Names of the API, such as `sip_number`, contain what separates plurals by default.
    pluralSeparator: '#',
    contextSeparator: '@',
    resources: { en: { words: en }, de: { words: de } },
    // React escapes what it shows.
    interpolation: { escapeValue: false },
  });

/** Shows the console in the language of an account. */
export async function showLanguageOf(tag: string | null): Promise<void> {
  const language = tag === null ? languageOf(navigator.language) : languageOf(tag);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}
