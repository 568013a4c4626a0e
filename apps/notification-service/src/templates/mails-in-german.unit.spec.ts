import { describe, expect, it } from '@jest/globals';
import { MAIL_TYPES, type MailTypeName } from '@allotree/contracts';
import { compileTemplate } from './compile.js';
import { DEFAULT_TEMPLATES } from './defaults.js';
import { MARKERS } from './markers.js';
import { sampleValues } from './samples.js';

/** Subject and text part of every mail. */
const MAILS: Readonly<Record<MailTypeName, string>> = {
  license_expiry_reminder: `Hafenblick: Lizenzen enden in 30 Tagen

Allotree

Lizenzen enden in 30 Tagen

Guten Tag Ada Berg,

In Hafenblick laufen bald Lizenzen ab, die ersten am 1. Dezember 2026.

Ohne Verlängerung funktionieren 80 virtuelle Nummern, 60 mobile Apps und 5 UKEY2-Schlüssel nicht mehr.

- Haus A (Hafenblick)
  Endet am 1. Dezember 2026, in 30 Tagen
  Dann außer Betrieb: 79 virtuelle Nummern, 58 mobile Apps und 5 UKEY2-Schlüssel
  Danach: Basic
- Haus A › Wohnung 1 (Hafenblick)
  Endet am 15. Dezember 2026, in 44 Tagen
  Dann außer Betrieb: 1 virtuelle Nummer und 2 mobile Apps
  Danach: keine Lizenz

Lizenzen verlängern <https://x.example>

Sie erhalten diese E-Mail, weil Sie diese Gruppen verwalten oder ihnen angehören.
`,
  license_ended: `Hafenblick: Lizenzen sind abgelaufen

Allotree

Lizenzen sind abgelaufen

Guten Tag Ada Berg,

In Hafenblick sind am 1. Dezember 2026 Lizenzen abgelaufen.

Außer Betrieb: 80 virtuelle Nummern, 60 mobile Apps und 5 UKEY2-Schlüssel
Abgeschaltete Funktionen: Türöffnung aus der Ferne und Gästezugang
Jetzt gültig: Basic

Es wurde nichts gelöscht. Sobald die Lizenzen verlängert sind, funktioniert alles wieder.

- Haus A (Hafenblick)
  Abgelaufen am 1. Dezember 2026
  Außer Betrieb: 80 virtuelle Nummern, 60 mobile Apps und 5 UKEY2-Schlüssel
  Abgeschaltet: Türöffnung aus der Ferne und Gästezugang
  Jetzt gültig: Basic

Lizenzen verlängern <https://x.example/projects/hafenblick/groups/building-a>

Sie erhalten diese E-Mail, weil Sie diese Gruppen verwalten oder ihnen angehören.
`,
  license_restored: `Hafenblick: Lizenzen gelten wieder

Allotree

Lizenzen gelten wieder

Guten Tag Ada Berg,

Die Lizenzen in Hafenblick gelten wieder bis 31. Dezember 2026.

Wieder in Betrieb: 80 virtuelle Nummern, 60 mobile Apps und 5 UKEY2-Schlüssel

- Haus A (Hafenblick)
  Wieder in Betrieb: 80 virtuelle Nummern, 60 mobile Apps und 5 UKEY2-Schlüssel
  Gültig bis: 31. Dezember 2026

Lizenzen ansehen <https://x.example/projects/hafenblick/groups/building-a>

Sie erhalten diese E-Mail, weil Sie diese Gruppen verwalten oder ihnen angehören.
`,
  trial_started: `Hafenblick: Ihre Testphase hat begonnen

Allotree

Ihre Testphase für Hafenblick hat begonnen

Guten Tag Ada Berg,

Bis 1. Dezember 2026 können Sie in Hafenblick alle Funktionen nutzen, mit beliebig vielen virtuellen Nummern, mobilen Apps und UKEY2-Schlüsseln.

Danach gelten die Lizenzen, die Sie bis dahin gekauft haben, und die Basic-Lizenzen Ihrer Geräte.

Projekt öffnen <https://x.example/projects/hafenblick/groups/hafenblick>

Sie erhalten diese E-Mail, weil Sie Hafenblick verwalten.
`,
  webhook_disabled: `Webhooks angehalten: Billing

Allotree

Webhooks angehalten

Guten Tag Ada Berg,

Der Webhook-Endpunkt Billing (8c6d6f0e-6a0b-4b57-9b0f-0a3f5d1c2e4b) wurde am 1. November 2026 um 07:00 Uhr (UTC) deaktiviert. Fünf Tage lang konnte nichts zugestellt werden.

Seine Ereignisse werden solange aufbewahrt. Sobald er wieder aktiviert wird, folgen sie in ihrer Reihenfolge.

Allotree öffnen <https://x.example>

Sie erhalten diese E-Mail, weil Sie den Mandanten verwalten, der die Webhooks eingerichtet hat.
`,
  invitation: `Jon Hansen lädt Sie zu Hafenblick ein

Allotree

Einladung zu Hafenblick

Guten Tag Ada Berg,

Jon Hansen lädt Sie zum Projekt Hafenblick ein.

Gruppe: Haus A
Ihre Rolle: Objektadministration

Einladung annehmen <https://x.example/invitations#sample>

Der Link gilt einmal und 7 Tage lang. Wenn Sie diese Einladung nicht erwartet haben, können Sie diese E-Mail ignorieren.

Sie erhalten diese E-Mail, weil Jon Hansen Ihre E-Mail-Adresse angegeben hat.
`,
  registration: `Bestätigen Sie Ihre E-Mail-Adresse für Nordlicht

Allotree

Bestätigen Sie Ihre E-Mail-Adresse

Guten Tag Ada Berg,

Um Nordlicht mit dem Projekt Hafenblick zu registrieren, fehlt nur noch ein Schritt: Bitte bestätigen Sie, dass diese E-Mail-Adresse Ihnen gehört.

Registrierung bestätigen <https://x.example/registrations#sample>

Oder geben Sie diesen Code auf der Seite ein, auf der Sie sich registriert haben:

20461975

Der Link und der Code gelten 24 Stunden. Wenn Sie sich nicht registriert haben, ignorieren Sie diese E-Mail bitte und öffnen Sie den Link nicht.

Sie erhalten diese E-Mail, weil jemand Ihre E-Mail-Adresse bei einer Registrierung angegeben hat.
`,
  registration_known: `Sie haben bereits ein Konto

Allotree

Sie haben bereits ein Konto

Guten Tag Ada Berg,

Jemand, vielleicht Sie selbst, wollte sich mit dieser E-Mail-Adresse registrieren. Zu dieser Adresse gibt es bereits ein Konto, deshalb wurde nichts Neues registriert. Melden Sie sich einfach mit Ihrem Konto an.

Anmelden <https://x.example/sign-in>

Wenn Sie Ihr Passwort vergessen haben, können Sie es auf der Anmeldeseite zurücksetzen. Wenn Sie das nicht waren, brauchen Sie nichts zu tun.

Sie erhalten diese E-Mail, weil jemand Ihre E-Mail-Adresse bei einer Registrierung angegeben hat.
`,
  password_reset: `Passwort wählen

Allotree

Passwort wählen

Guten Tag Ada Berg,

Für das Konto mit dieser E-Mail-Adresse wurde ein neues Passwort angefordert.

Passwort wählen <https://x.example/password#sample>

Der Link gilt einmal und eine Stunde lang. Wenn Sie das nicht angefordert haben, können Sie diese E-Mail ignorieren: Ihr Passwort bleibt unverändert.

Sie erhalten diese E-Mail, weil jemand ein neues Passwort für Ihre E-Mail-Adresse angefordert hat.
`,
  password_changed: `Ihr Passwort wurde geändert

Allotree

Ihr Passwort wurde geändert

Guten Tag Ada Berg,

Das Passwort Ihres Kontos wurde am 1. November 2026 um 08:00 Uhr (Europe/Berlin) geändert. Alle Sitzungen, die mit dem alten Passwort angemeldet waren, sind beendet.

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort.

Passwort wählen <https://x.example/password>

Sie erhalten diese E-Mail, weil es um die Sicherheit Ihres Kontos geht.
`,
};

describe('a mail in German', () => {
  it.each(MAIL_TYPES)('reads word by word: %s', (mailType) => {
    const template = compileTemplate(DEFAULT_TEMPLATES.de[mailType], MARKERS[mailType]);
    const { subject, text } = template.render(sampleValues(mailType, 'https://x.example', 'de'));
    expect(`${subject}\n\n${text}`).toBe(MAILS[mailType]);
  });
});
