import type { ProblemCode } from '@allotree/contracts';
import { element, type Words } from './html.js';

/** What the service says about a password that it refuses, as the end of a sentence, and the whole sentence in German. */
export const PASSWORD_FAULTS: readonly Words[] = [
  { en: 'must have at least 10 characters', de: 'Das Passwort braucht mindestens 10 Zeichen.' },
  {
    en: 'must have at least 10 characters, not counting blanks',
    de: 'Das Passwort braucht mindestens 10 Zeichen, Leerzeichen nicht mitgezählt.',
  },
  { en: 'must not be blank', de: 'Das Passwort darf nicht leer sein.' },
  {
    en: 'must not be your own e-mail address, or little more than the part before the @',
    de: 'Das Passwort darf nicht die eigene E-Mail-Adresse sein, und nicht wenig mehr als ihr Teil vor dem @.',
  },
  {
    en: 'is one of the passwords most often used: choose another',
    de: 'Dieses Passwort gehört zu den am häufigsten verwendeten: Wählen Sie ein anderes.',
  },
];

/** Problems that somebody who follows a link meets. All others are shown in the service's English words. */
const IN_GERMAN: Partial<Record<ProblemCode, string>> = {
  VALIDATION: 'Bitte prüfen Sie Ihre Eingabe.',
  CODE_NOT_VALID: 'Der Link ist ungültig oder abgelaufen.',
  UNAUTHENTICATED: 'Das Passwort ist falsch.',
  FORBIDDEN: 'Hier gibt es keine Passwörter: Melden Sie sich beim Identitätsanbieter Ihrer Organisation an.',
  RATE_LIMITED: 'Zu viele Versuche.',
  INTERNAL: 'Hier ist etwas schiefgegangen.',
  OVERLOADED: 'Der Dienst ist ausgelastet. Versuchen Sie es gleich noch einmal.',
  STORAGE_FULL: 'Der Dienst kann zurzeit nichts speichern. Versuchen Sie es später noch einmal.',
  UNAVAILABLE: 'Der Dienst antwortet nicht. Versuchen Sie es gleich noch einmal.',
};

const UNREACHABLE: Words = {
  en: 'The service cannot be reached. Check your connection and try again.',
  de: 'Der Dienst ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.',
};
const RETRY: Words = { en: 'Try again in {n} s.', de: 'Versuchen Sie es in {n} s noch einmal.' };
const WAIT: Words = { en: 'One moment ...', de: 'Einen Moment ...' };
const MISSING: Words = { en: 'Fill in this field.', de: 'Füllen Sie dieses Feld aus.' };

/** Sentences that the script takes from the page when it needs them. */
export const sentences = (): string =>
  [
    '<div id="sentences" hidden>',
    element('p', UNREACHABLE, 'data-says="unreachable"'),
    element('p', RETRY, 'data-says="retry"'),
    element('p', WAIT, 'data-says="wait"'),
    element('p', MISSING, 'data-says="missing"'),
    ...Object.entries(IN_GERMAN).map(([code, de]) => `<p lang="de" data-code="${code}">${de}</p>`),
    ...PASSWORD_FAULTS.map(({ en, de }) => `<p lang="de" data-fault="${en}">${de}</p>`),
    '</div>',
  ].join('\n');
