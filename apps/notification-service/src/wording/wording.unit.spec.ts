import { describe, expect, it } from '@jest/globals';
import { FeatureName } from '@allotree/contracts';
import { MAIL_LANGUAGES, mailLanguageOf, WORDINGS } from './languages.js';

describe('the language of a mail', () => {
  it.each([
    ['de', 'de'],
    ['de-AT', 'de'],
    ['DE_ch', 'de'],
    ['en-GB', 'en'],
    ['fr', 'en'],
    ['den', 'en'],
    ['', 'en'],
    [null, 'en'],
    [undefined, 'en'],
  ])('for %j is %s', (tag, language) => {
    expect(mailLanguageOf(tag)).toBe(language);
  });
});

describe('an end in words', () => {
  it.each([
    ['2026-12-01T23:00:00Z', 'Europe/Berlin', '1 December 2026', '1. Dezember 2026'],
    ['2026-12-01T00:00:00Z', 'UTC', '30 November 2026', '30. November 2026'],
    [
      '2026-12-01T00:00:00Z',
      'Europe/Berlin',
      '1 December 2026, 01:00 (Europe/Berlin)',
      '1. Dezember 2026 um 01:00 Uhr (Europe/Berlin)',
    ],
    ['2026-07-01T22:00:00Z', 'Europe/Berlin', '1 July 2026', '1. Juli 2026'],
    ['2028-03-01T00:00:00Z', 'UTC', '29 February 2028', '29. Februar 2028'],
    ['2026-12-01T05:00:00Z', 'America/New_York', '30 November 2026', '30. November 2026'],
  ])('%s in %s: %s, %s', (iso, zone, english, german) => {
    expect(WORDINGS.en.end(iso, zone)).toBe(english);
    expect(WORDINGS.de.end(iso, zone)).toBe(german);
  });

  it('has midnight as 00:00', () => {
    expect(WORDINGS.en.moment('2026-12-01T00:00:00Z', 'UTC')).toBe('1 December 2026, 00:00 (UTC)');
    expect(WORDINGS.de.moment('2026-12-01T00:00:00Z', 'UTC')).toBe('1. Dezember 2026 um 00:00 Uhr (UTC)');
  });
});

describe('words', () => {
  const { en, de } = WORDINGS;

  it('list', () => {
    expect([en.list([]), en.list(['a']), en.list(['a', 'b']), en.list(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
    const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    expect([en.list(many), de.list(many)]).toEqual(['a, b, c, d, e and 2 more', 'a, b, c, d, e und 2 weitere']);
    expect([en.list(['a', 'b'], { last: 'or' }), de.list(['a', 'b'], { last: 'or' })]).toEqual(['a or b', 'a oder b']);
  });

  it('count in the singular and the plural', () => {
    expect([en.groups(1), en.groups(1_200)]).toEqual(['1 group', '1,200 groups']);
    expect([de.groups(1), de.groups(1_200)]).toEqual(['1 Gruppe', '1.200 Gruppen']);
    expect([en.days(1), en.days(7), de.days(1), de.days(7)]).toEqual(['1 day', '7 days', '1 Tag', '7 Tage']);
    expect([en.daysAhead(1), en.daysAhead(0), de.daysAhead(1), de.daysAhead(7)]).toEqual([
      '1 day',
      '0 days',
      '1 Tag',
      '7 Tagen',
    ]);
    const [one, many] = [
      { sip_number: 1, mobile_app: 0, ukey2: 2 },
      { sip_number: 80, mobile_app: 1, ukey2: 1 },
    ];
    expect([en.resources(one), de.resources(one)]).toEqual([
      '1 virtual number and 2 UKEY2 keys',
      '1 virtuelle Nummer und 2 UKEY2-Schlüssel',
    ]);
    expect([en.resources(many), de.resources(many)]).toEqual([
      '80 virtual numbers, 1 mobile app and 1 UKEY2 key',
      '80 virtuelle Nummern, 1 mobile App und 1 UKEY2-Schlüssel',
    ]);
    expect(en.resources({ sip_number: 0, mobile_app: 0, ukey2: 0 })).toBe('');
  });

  it('name licenses and features', () => {
    expect([en.license('trial'), en.license(null)]).toEqual(['Trial', 'no license']);
    expect([de.license('trial'), de.license(null)]).toEqual(['Testlizenz', 'keine Lizenz']);
    expect([en.features(['siri', 'elevators']), de.features(['siri', 'elevators'])]).toEqual([
      'Siri and elevators',
      'Siri und Aufzüge',
    ]);
  });

  it.each(MAIL_LANGUAGES)('name every feature in %s', (language) => {
    const names = FeatureName.options.map((feature) => WORDINGS[language].features([feature]));
    expect(new Set(names).size).toBe(FeatureName.options.length);
    for (const name of names) expect(name).not.toMatch(/_/);
  });
});
