import { LINK_PATHS } from '@allotree/contracts';
import { element, form, html, paragraph, stateOf, type Page, type Words } from './html.js';
import { sentences } from './refusals.js';

const PASSWORD: Words = { en: 'Password', de: 'Passwort' };

const newPassword = {
  name: 'password',
  label: PASSWORD,
  type: 'password',
  autocomplete: 'new-password',
  hint: {
    en: 'At least 10 characters. Several words are easy to remember and hard to guess.',
    de: 'Mindestens 10 Zeichen. Mehrere Wörter sind leicht zu merken und schwer zu erraten.',
  },
} as const;

const NO_TOKEN: Words = {
  en: 'This address is not complete. Open the link in your mail once more.',
  de: 'Diese Adresse ist unvollständig. Öffnen Sie den Link in Ihrer E-Mail noch einmal.',
};

const passwordLink = (words: Words): string => `<p>${element('a', words, `href="${LINK_PATHS.password}"`)}</p>`;

const withoutScript = (route: string): Words => ({
  en: `This page needs JavaScript. Allow it and open the link once more, or send the part of the link after the # to POST ${route}.`,
  de: `Diese Seite braucht JavaScript. Erlauben Sie es und öffnen Sie den Link noch einmal, oder senden Sie den Teil des Links nach dem # an POST ${route}.`,
});

const password: Page = {
  name: 'password',
  title: { en: 'Choose a password', de: 'Passwort wählen' },
  withoutScript: withoutScript('/api/v1/auth/password-resets/confirm'),
  content: [
    stateOf(
      'form',
      paragraph({
        en: 'Choose a new password for your account. It ends every session that began with the old one.',
        de: 'Wählen Sie ein neues Passwort für Ihr Konto. Es beendet alle Sitzungen, die mit dem alten begonnen haben.',
      }),
      form({
        id: 'choose',
        route: '/auth/password-resets/confirm',
        fields: [newPassword],
        button: { en: 'Save password', de: 'Passwort speichern' },
      }),
    ),
    stateOf(
      'done',
      paragraph(
        {
          en: 'Your password is saved. Use it the next time you sign in.',
          de: 'Ihr Passwort ist gespeichert. Verwenden Sie es bei der nächsten Anmeldung.',
        },
        'class="success"',
      ),
    ),
    stateOf(
      'no-token',
      paragraph({
        en: 'Enter the e-mail address of your account, and you get a link to choose a new password.',
        de: 'Geben Sie die E-Mail-Adresse Ihres Kontos an. Sie bekommen dann einen Link, um ein neues Passwort zu wählen.',
      }),
      form({
        id: 'ask',
        route: '/auth/password-resets',
        fields: [
          {
            name: 'email',
            label: { en: 'E-mail address', de: 'E-Mail-Adresse' },
            type: 'email',
            autocomplete: 'email',
          },
        ],
        button: { en: 'Send the link', de: 'Link senden' },
      }),
    ),
    stateOf(
      'sent',
      paragraph(
        {
          en: 'If this address has an account, a mail is on its way. Its link is valid for one hour.',
          de: 'Wenn es zu dieser Adresse ein Konto gibt, ist eine E-Mail unterwegs. Ihr Link gilt eine Stunde.',
        },
        'class="success"',
      ),
    ),
    stateOf(
      'ended',
      paragraph({
        en: 'A link works once, for one hour.',
        de: 'Ein Link gilt einmal, eine Stunde lang.',
      }),
      passwordLink({ en: 'Get a new link', de: 'Neuen Link anfordern' }),
    ),
  ],
};

const fact = (words: Words, name: string): string => `<div>${element('dt', words)}<dd data-fill="${name}"></dd></div>`;

const ACCEPT: Words = { en: 'Accept the invitation', de: 'Einladung annehmen' };

const invitation: Page = {
  name: 'invitation',
  title: { en: 'Your invitation', de: 'Ihre Einladung' },
  withoutScript: withoutScript('/api/v1/invitations/accept'),
  content: [
    '<dl data-state="form known" hidden>',
    fact({ en: 'Project', de: 'Projekt' }, 'project'),
    fact({ en: 'Group', de: 'Gruppe' }, 'group'),
    fact({ en: 'Role', de: 'Rolle' }, 'role'),
    fact({ en: 'E-mail address', de: 'E-Mail-Adresse' }, 'email'),
    '</dl>',
    stateOf(
      'form',
      paragraph({
        en: 'Choose a password. You will sign in with it and your e-mail address.',
        de: 'Wählen Sie ein Passwort. Sie melden sich damit und mit Ihrer E-Mail-Adresse an.',
      }),
      form({
        id: 'open',
        route: '/invitations/accept',
        fields: [
          { name: 'name', label: { en: 'Your name', de: 'Ihr Name' }, type: 'text', autocomplete: 'name' },
          newPassword,
        ],
        button: ACCEPT,
      }),
    ),
    stateOf(
      'known',
      paragraph({
        en: 'This address has an account already. Enter its password.',
        de: 'Zu dieser Adresse gibt es schon ein Konto. Geben Sie dessen Passwort ein.',
      }),
      form({
        id: 'join',
        route: '/invitations/accept',
        fields: [{ name: 'password', label: PASSWORD, type: 'password', autocomplete: 'current-password' }],
        button: ACCEPT,
      }),
      passwordLink({ en: 'Forgot the password?', de: 'Passwort vergessen?' }),
    ),
    stateOf(
      'done',
      paragraph(
        {
          en: 'You have accepted the invitation. Sign in with your e-mail address and your password.',
          de: 'Sie haben die Einladung angenommen. Melden Sie sich mit Ihrer E-Mail-Adresse und Ihrem Passwort an.',
        },
        'class="success"',
      ),
    ),
    stateOf('no-token', paragraph(NO_TOKEN)),
    stateOf(
      'ended',
      paragraph({
        en: 'A link works once, for seven days. Ask the person who invited you for a new one.',
        de: 'Ein Link gilt einmal, sieben Tage lang. Bitten Sie die Person, die Sie eingeladen hat, um einen neuen.',
      }),
    ),
  ],
};

const registration: Page = {
  name: 'registration',
  title: { en: 'Confirm your registration', de: 'Registrierung bestätigen' },
  withoutScript: withoutScript('/api/v1/registrations/confirm'),
  content: [
    stateOf(
      'form',
      paragraph({
        en: 'Choose a password for your new account. This confirms your e-mail address as well.',
        de: 'Wählen Sie ein Passwort für Ihr neues Konto. Das bestätigt zugleich Ihre E-Mail-Adresse.',
      }),
      form({
        id: 'confirm',
        route: '/registrations/confirm',
        fields: [newPassword],
        button: { en: 'Confirm the registration', de: 'Registrierung bestätigen' },
      }),
    ),
    stateOf(
      'done',
      paragraph(
        {
          en: 'Your registration is complete. Sign in with your e-mail address and your password.',
          de: 'Ihre Registrierung ist abgeschlossen. Melden Sie sich mit Ihrer E-Mail-Adresse und Ihrem Passwort an.',
        },
        'class="success"',
      ),
    ),
    stateOf(
      'waiting',
      paragraph(
        {
          en: 'Your e-mail address is confirmed, and your account is open. The distributor now decides on your request to join.',
          de: 'Ihre E-Mail-Adresse ist bestätigt, und Ihr Konto ist eröffnet. Der Distributor entscheidet nun über Ihre Anfrage.',
        },
        'class="success"',
      ),
    ),
    stateOf(
      'already',
      paragraph({
        en: 'This registration was confirmed before. Your account keeps the password that it has.',
        de: 'Diese Registrierung wurde schon bestätigt. Ihr Konto behält das Passwort, das es hat.',
      }),
      passwordLink({ en: 'Forgot the password?', de: 'Passwort vergessen?' }),
    ),
    stateOf('no-token', paragraph(NO_TOKEN)),
    stateOf(
      'ended',
      paragraph({
        en: 'A link is valid for 24 hours. Register once more to get a new one.',
        de: 'Ein Link gilt 24 Stunden. Registrieren Sie sich noch einmal, um einen neuen zu bekommen.',
      }),
    ),
  ],
};

/** The page at the path of each link that carries a secret; the console has the others. */
export const linkPages = (): ReadonlyMap<string, string> => {
  const withForms = sentences();
  return new Map([
    [LINK_PATHS.password, html(password, withForms)],
    [LINK_PATHS.invitation, html(invitation, withForms)],
    [LINK_PATHS.registration, html(registration, withForms)],
  ]);
};
