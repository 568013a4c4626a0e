import type { homeEn } from './home.en.js';

/** The texts of the small console and of the own account in German. */
export const homeDe: typeof homeEn = {
  home: {
    nothing: 'Sie sind in keiner Gruppe Mitglied. Fragen Sie die Verwaltung Ihres Gebäudes.',
    use: 'Was hier in Nutzung ist',
    ofLimit: '{{used}} von {{limit}}',
    'suspended#one': '{{count}} ist ausgesetzt und funktioniert zurzeit nicht.',
    'suspended#other': '{{count}} sind ausgesetzt und funktionieren zurzeit nicht.',
    features: 'Eingeschaltet: {{names}}.',
    noFeatures: 'Keine Funktion ist eingeschaltet.',
    own: 'Ihre Nummern und Apps',
    ownEmpty: 'Ihnen ist noch nichts zugewiesen. Fragen Sie die Verwaltung Ihres Gebäudes.',
    since: 'seit {{at}}',
    below: 'Darunter',
    back: 'Zurück',
  },
  idle: {
    title: 'Sind Sie noch da?',
    text: 'Sie werden in einer Minute abgemeldet, weil eine halbe Stunde lang nichts geschehen ist.',
    stay: 'Angemeldet bleiben',
  },
  self: {
    name: 'Name',
    timeZone: 'Zeitzone',
    timeZoneHint: 'Für Zeitangaben außerhalb eines Projekts, zum Beispiel Europe/Berlin.',
    changePassword: 'Passwort ändern',
    currentPassword: 'Bisheriges Passwort',
    newPassword: 'Neues Passwort',
    passwordChanged: 'Das Passwort ist geändert. Alle anderen Sitzungen sind beendet.',
    endEverywhere: 'Überall abmelden',
    end: 'Beenden',
    endedOne: 'Die Sitzung ist beendet.',
  },
};
