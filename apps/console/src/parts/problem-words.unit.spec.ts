import { describe, expect, it } from '@jest/globals';
import i18next from 'i18next';
import { Refused } from '../api/client.js';
import { de } from '../words/de.js';
import { en } from '../words/en.js';
import { problemWords } from './problem-words.js';

const words = i18next.createInstance();
void words.init({
  initAsync: false,
  lng: 'en',
  defaultNS: 'words',
  interpolation: { escapeValue: false },
  resources: { en: { words: en }, de: { words: de } },
});

const said = (language: 'en' | 'de', problem: object): readonly string[] => {
  const refused = new Refused({ code: '', title: '', detail: '', status: 409, ...problem });
  return problemWords(refused, words.getFixedT(language) as never);
};

describe('the sentence of a problem', () => {
  it('names the names that are taken, and counts the others', () => {
    const one = { code: 'NAME_TAKEN', names: ['<b>Building A</b>'], count: 1 };
    expect(said('en', one)).toEqual(['Already in use here: <b>Building A</b>. Choose another name.']);
    const many = { code: 'NAME_TAKEN', names: ['A', 'B', 'C', 'D'], count: 12 };
    expect(said('en', many)).toEqual(['Already in use here: A, B, C and 9 more. Choose another name.']);
    expect(said('de', many)).toEqual(['Hier schon vergeben: A, B, C und 9 weitere. Wählen Sie einen anderen Namen.']);
  });

  it('says what is wrong with a field in the language of the reader', () => {
    const errors = [
      { field: 'administrator.email', message: 'must be an e-mail address' },
      { field: 'assignments.0', message: 'is named more than once' },
      { field: 'text', message: 'must contain :valid_until' },
      { field: 'x', message: 'of a kind that nobody knows yet' },
    ];
    expect(said('de', { code: 'VALIDATION', errors })).toEqual([
      'Die Eingaben sind nicht gültig.',
      'E-Mail: muss eine E-Mail-Adresse sein',
      'assignments.0: ist mehrfach genannt',
      'text: muss :valid_until enthalten',
      'x: ist nicht möglich (Meldung des Servers: of a kind that nobody knows yet)',
    ]);
    expect(said('en', { code: 'VALIDATION', errors }).at(-1)).toBe('x: of a kind that nobody knows yet');
  });
});
