import { describe, expect, it } from '@jest/globals';
import i18next from 'i18next';
import { de } from '../words/de.js';
import { en } from '../words/en.js';
import { happenedDe } from '../words/happened.de.js';
import { happenedEn } from '../words/happened.en.js';
import { codeText, eventText, factsOf } from './happened-words.js';

const words = i18next.createInstance();
void words.init({
  initAsync: false,
  lng: 'en',
  defaultNS: 'words',
  pluralSeparator: '#',
  interpolation: { escapeValue: false },
  resources: { en: { words: { ...en, ...happenedEn } }, de: { words: { ...de, ...happenedDe } } },
});

const t = { en: words.getFixedT('en'), de: words.getFixedT('de') } as const;
const said = (language: 'en' | 'de', values: object): readonly string[] =>
  factsOf(values, { t: t[language], timeZone: 'Europe/Berlin', language }).map(
    ({ label, text }) => `${label}: ${text}`,
  );

describe('what happened, in words', () => {
  it('names an event of a history, and one that is sent to others', () => {
    expect(eventText('LicenseGranted', t.en)).toBe('License granted');
    expect(eventText('allotree.license-granted.v1', t.de)).toBe('Lizenz vergeben');
    expect(eventText('allotree.of-the-future.v9', t.de)).toBe('allotree.of-the-future.v9');
  });

  it('says roles, units and days in the language and the zone of the reader', () => {
    expect(said('de', { role: 'company_administrator', email: 'ada@example.com' })).toEqual([
      'Rolle: Firmenadministration',
      'E-Mail: ada@example.com',
    ]);
    const license = { units: { sip_number: 2, mobile_app: null, ukey2: 0 }, validUntil: '2026-12-01T23:00:00.000Z' };
    expect(said('en', license)).toEqual([
      'Units: 2 virtual numbers, unlimited mobile applications',
      'Valid until: Dec 1, 2026',
    ]);
    expect(said('de', { validUntil: null, enabled: true })).toEqual(['Gültig bis: ohne Ende', 'Beschränkt: ja']);
  });

  it('leaves out ids, and never takes what somebody typed for a code', () => {
    expect(said('en', { licenseId: 'l', reason: 'trial', name: 'plus' })).toEqual(['Reason: trial', 'Name: plus']);
    expect(codeText('trial', t.en)).toBe('Trial');
  });

  it('counts the units that are affected', () => {
    const changed = [
      { assignmentId: 'a', resource: 'sip_number' },
      { assignmentId: 'b', resource: 'sip_number' },
    ];
    expect(said('en', { changed })).toEqual(['Affected: 2 virtual numbers']);
    expect(said('de', { changed: [{ allotmentId: 'a' }] })).toEqual(['Betroffen: 1 Einheit']);
  });
});
