import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { administrationEn } from './administration.en.js';
import { en } from './en.js';
import type { groupsEn } from './groups.en.js';
import type { happenedEn } from './happened.en.js';
import type { homeEn } from './home.en.js';
import type { linksEn } from './links.en.js';
import type { ProjectPages } from './project-pages.en.js';
import type { whyEn } from './why.en.js';

type Words = typeof en &
  typeof homeEn &
  typeof groupsEn &
  ProjectPages &
  typeof administrationEn &
  typeof linksEn &
  typeof happenedEn &
  typeof whyEn;

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

/** Texts that come with the pages that show them, instead of with every page. */
const PARTS = {
  home: {
    en: async () => (await import('./home.en.js')).homeEn,
    de: async () => (await import('./home.de.js')).homeDe,
  },
  pages: {
    en: async () => (await import('./project-pages.en.js')).projectPages,
    de: async () => (await import('./project-pages.de.js')).projectPages,
  },
  groups: {
    en: async () => (await import('./groups.en.js')).groupsEn,
    de: async () => (await import('./groups.de.js')).groupsDe,
  },
  administration: {
    en: async () => (await import('./administration.en.js')).administrationEn,
    de: async () => (await import('./administration.de.js')).administrationDe,
  },
  happened: {
    en: async () => (await import('./happened.en.js')).happenedEn,
    de: async () => (await import('./happened.de.js')).happenedDe,
  },
  links: {
    en: async () => (await import('./links.en.js')).linksEn,
    de: async () => (await import('./links.de.js')).linksDe,
  },
  why: {
    en: async () => (await import('./why.en.js')).whyEn,
    de: async () => (await import('./why.de.js')).whyDe,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, () => Promise<object>>>>>;
export type Part = keyof typeof PARTS;

let shown: Language = 'en';
/** Of the pages opened so far. */
const wanted = new Set<Part>();
const loaded = new Map<string, Promise<void>>();

/** The language of a tag such as `de-AT`; English where the console has no such language. */
export const languageOf = (tag: string): Language => (tag.toLowerCase().startsWith('de') ? 'de' : 'en');

const add = (language: Language, words: object): void => {
  i18next.addResourceBundle(language, 'words', words, true);
};

function once(key: string, load: () => Promise<void>): Promise<void> {
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const loading = load();
  loaded.set(key, loading);
  // Texts that could not be loaded are asked for again.
  loading.catch(() => loaded.delete(key));
  return loading;
}

const loadPart = (language: Language, part: Part): Promise<void> =>
  once(`${language} ${part}`, async () => add(language, await PARTS[part][language]()));

/** English comes with the page; another language is loaded where somebody reads it. */
const loadBase = async (language: Language): Promise<void> => {
  if (language === 'de') await once('de', async () => add('de', (await import('./de.js')).de));
};

/** Loads texts in the language that is shown; one that is shown later has them, too. */
export async function needWords(...parts: readonly Part[]): Promise<void> {
  for (const part of parts) wanted.add(part);
  await Promise.all(parts.map((part) => loadPart(shown, part)));
}

export async function initializeWords(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    defaultNS: 'words',
    // Names of the API, such as `sip_number`, contain what separates plurals by default.
    pluralSeparator: '#',
    contextSeparator: '@',
    resources: { en: { words: en } },
    // React escapes what it shows.
    interpolation: { escapeValue: false },
    // A page that does not load the texts it shows is a fault.
    saveMissing: true,
    missingKeyHandler: (_languages, _namespace, key) => console.error(`There is no text ${key}`),
  });
  await showLanguageOf(null);
}

/** Shows the console in the language of an account; `null`: in that of the browser. */
export async function showLanguageOf(tag: string | null): Promise<void> {
  const language = languageOf(tag ?? navigator.language);
  shown = language;
  await Promise.all([loadBase(language), ...[...wanted].map((part) => loadPart(language, part))]);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}
