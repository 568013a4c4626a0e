import { describe, expect, it } from '@jest/globals';
import { FeatureName, MailTypeName, PERMISSION_NAMES, PROBLEMS, ResourceName } from '@allotree/contracts';
import { de } from '../apps/console/src/words/de.js';
import { en } from '../apps/console/src/words/en.js';

interface Texts {
  readonly [key: string]: string | Texts;
}

/** `a.b.c: text` of every text. */
const textsOf = (texts: Texts, above = ''): [key: string, text: string][] =>
  Object.entries(texts).flatMap(([key, text]) =>
    typeof text === 'string' ? [[`${above}${key}`, text] as [string, string]] : textsOf(text, `${above}${key}.`),
  );
const placeholdersOf = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!).sort();

describe('the texts of the console', () => {
  it.each(Object.entries({ en, de }))('name every refusal, resource and feature (%s)', (_language, words) => {
    expect(Object.keys(words.problems).sort()).toEqual(Object.keys(PROBLEMS).sort());
    expect(Object.keys(words.resources)).toEqual(ResourceName.options);
    expect(Object.keys(words.counted)).toEqual(ResourceName.options);
    expect(Object.keys(words.features)).toEqual(FeatureName.options);
    expect(Object.keys(words.permissions)).toEqual(PERMISSION_NAMES.map((name) => name.replaceAll(/[:-]/g, '_')));
    expect(Object.keys(words.mails)).toEqual(MailTypeName.options);
  });

  it('have the same keys and values to fill in, in every language', () => {
    const [english, german] = [new Map(textsOf(en)), new Map(textsOf(de))];
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [key, text] of english)
      expect([key, placeholdersOf(german.get(key)!)]).toEqual([key, placeholdersOf(text)]);
  });
});
