import type { linksEn } from './links.en.js';

/** The texts of the pages that links in mails lead to, in German. */
export const linksDe: typeof linksEn = {
  links: {
    toSignIn: 'Anmelden',
    register: 'Registrieren',
    password: 'Passwort wählen',
    ask: 'Geben Sie die E-Mail-Adresse Ihres Kontos an. Sie bekommen dann einen Link, um ein neues Passwort zu wählen.',
    send: 'Link senden',
    sent: 'Wenn es zu dieser Adresse ein Konto gibt, ist eine E-Mail unterwegs. Ihr Link gilt eine Stunde.',
    choose: 'Wählen Sie ein neues Passwort für Ihr Konto. Es beendet alle Sitzungen, die mit dem alten begonnen haben.',
    savePassword: 'Passwort speichern',
    passwordSaved: 'Ihr Passwort ist gespeichert. Verwenden Sie es bei der nächsten Anmeldung.',
    newLink: 'Neuen Link anfordern',
    passwordHint: 'Mindestens 10 Zeichen. Mehrere Wörter sind leicht zu merken und schwer zu erraten.',
    showPassword: 'Passwort anzeigen oder verbergen',
    faults: {
      short: 'Das Passwort braucht mindestens 10 Zeichen.',
      blanks: 'Das Passwort braucht mindestens 10 Zeichen, Leerzeichen nicht mitgezählt.',
      empty: 'Das Passwort darf nicht leer sein.',
      address: 'Das Passwort darf nicht die eigene E-Mail-Adresse sein, und nicht wenig mehr als ihr Teil vor dem @.',
      common: 'Dieses Passwort gehört zu den am häufigsten verwendeten: Wählen Sie ein anderes.',
    },
    invitation: 'Ihre Einladung',
    incomplete: 'Diese Adresse ist unvollständig. Öffnen Sie den Link in Ihrer E-Mail noch einmal.',
    project: 'Projekt',
    group: 'Gruppe',
    yourName: 'Ihr Name',
    newAccount: 'Wählen Sie ein Passwort. Sie melden sich damit und mit Ihrer E-Mail-Adresse an.',
    knownAccount: 'Zu dieser Adresse gibt es schon ein Konto. Geben Sie dessen Passwort ein.',
    accept: 'Einladung annehmen',
    accepted: 'Sie haben die Einladung angenommen. Melden Sie sich mit Ihrer E-Mail-Adresse und Ihrem Passwort an.',
    invitationEnded:
      'Ein Link gilt einmal, sieben Tage lang. Bitten Sie die Person, die Sie eingeladen hat, um einen neuen.',
    registration: 'Registrierung bestätigen',
    confirmHint: 'Wählen Sie ein Passwort für Ihr neues Konto. Das bestätigt zugleich Ihre E-Mail-Adresse.',
    confirm: 'Registrierung bestätigen',
    registered: 'Ihre Registrierung ist abgeschlossen. Melden Sie sich mit Ihrer E-Mail-Adresse und Ihrem Passwort an.',
    waiting:
      'Ihre E-Mail-Adresse ist bestätigt, und Ihr Konto ist eröffnet. Der Distributor entscheidet nun über Ihre Anfrage.',
    alreadyRegistered: 'Diese Registrierung wurde schon bestätigt. Ihr Konto behält das Passwort, das es hat.',
    registrationEnded: 'Ein Link gilt 24 Stunden. Registrieren Sie sich noch einmal, um einen neuen zu bekommen.',
    registerHint: 'Ihr Unternehmen bekommt ein eigenes Projekt mit einer Testlizenz für alle Funktionen.',
    registrationSent:
      'Eine E-Mail mit einem Link ist unterwegs an {{email}}. Öffnen Sie den Link, um ein Passwort zu wählen.',
    partnerName: 'Name des Unternehmens',
    objectName: 'Name des ersten Gebäudes oder der Anlage',
    objectHint: 'Daraus wird Ihr erstes Projekt.',
    joinCode: 'Beitrittscode',
    joinHint: 'Von Ihrem Distributor, wenn Sie einen haben. Sonst leer lassen.',
  },
};
