import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
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

/** English comes with the page; another language is loaded where somebody reads it. */
async function load(language: Language): Promise<void> {
  if (language === 'de' && !i18next.hasResourceBundle('de', 'words'))
    i18next.addResourceBundle('de', 'words', (await import('./de.js')).de);
}

export async function initializeWords(): Promise<void> {
  const language = languageOf(navigator.language);
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    defaultNS: 'words',
    // Names of the API, such as `sip_number`, contain what separates plurals by default.
    pluralSeparator: '#',
    contextSeparator: '@',
    resources: { en: { words: en } },
    // React escapes what it shows.
    interpolation: { escapeValue: false },
  });
  await load(language);
}

/** Shows the console in the language of an account. */
export async function showLanguageOf(tag: string | null): Promise<void> {
  const language = tag === null ? languageOf(navigator.language) : languageOf(tag);
  await load(language);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}
