import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { emailKey, routableEmail } from './email.js';

describe('the key of an e-mail address', () => {
  it.each([
    ['Ada@Nordlicht.Example', 'ada@nordlicht.example'],
    [' ada@nordlicht.example ', 'ada@nordlicht.example'],
    ['ada@MÜNCHEN.example', 'ada@xn--mnchen-3ya.example'],
    ['ada@mu\u0308nchen.example', 'ada@xn--mnchen-3ya.example'],
    ['ada@XN--MNCHEN-3YA.example', 'ada@xn--mnchen-3ya.example'],
    ['ada@münchen。example', 'ada@xn--mnchen-3ya.example'],
    ['ada@ＮＯＲＤ.example', 'ada@nord.example'],
    ['ada@faß.example', 'ada@xn--fa-hia.example'],
    ['JOSÉ@nordlicht.example', 'josé@nordlicht.example'],
    ['jose\u0301@nordlicht.example', 'josé@nordlicht.example'],
    [' josé@nordlicht.example ', 'josé@nordlicht.example'],
  ])('of %j is %j', (email, key) => {
    expect(emailKey(email)).toBe(key);
  });

  it.each([
    ['an accent', 'jose@nordlicht.example', 'josé@nordlicht.example'],
    ['a letter of another script', 'ada@nordlicht.example', 'аda@nordlicht.example'],
    ['a compatible character', 'ada@nordlicht.example', 'ａda@nordlicht.example'],
    ['a ligature', 'file@nordlicht.example', 'ﬁle@nordlicht.example'],
    ['a sharp s', 'strasse@nordlicht.example', 'straße@nordlicht.example'],
    ['a dotless i', 'ida@nordlicht.example', 'ıda@nordlicht.example'],
    ['a dotted capital I', 'ida@nordlicht.example', 'İda@nordlicht.example'],
    ['a look-alike domain', 'ada@paypal.example', 'ada@pаypal.example'],
    ['a sharp s in the domain', 'ada@fass.example', 'ada@faß.example'],
  ])('keeps addresses apart that differ by %s', (_what, one, other) => {
    expect(emailKey(one)).not.toBe(emailKey(other));
  });

  it('does not take a part of a URL for a domain', () => {
    const key = emailKey('ada@münchen.example');
    for (const tail of ['/path', ':80', '?q', '#f', '\\x', '%2e'])
      expect(emailKey(`ada@münchen.example${tail}`)).not.toBe(key);
  });

  it('of an ASCII address is the address in lower case, whatever it looks like', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        expect(emailKey(text)).toBe(text.normalize('NFC').trim().toLowerCase());
      }),
      { numRuns: 1_000 },
    );
  });

  const LETTERS = [...'aAkKiIsSßẞéÉıİſΣσςäÄＡаАﬁ', 'e\u0301', '\u212a', '\u212b', 'a\u0308', 'I\u0307'];
  const text = fc.array(fc.constantFrom(...LETTERS, '1'), { minLength: 1, maxLength: 8 }).map((some) => some.join(''));
  const email = fc.tuple(text, text).map(([local, domain]) => `${local}@${domain}.example`);

  it('stands for its class: it is its own key, and that of every other spelling', () => {
    fc.assert(
      fc.property(email, (address) => {
        const key = emailKey(address);
        expect(emailKey(key)).toBe(key);
        for (const form of ['NFC', 'NFD'] as const) expect(emailKey(address.normalize(form))).toBe(key);
        expect(emailKey(routableEmail(address.normalize('NFC')))).toBe(key);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is shared only by local parts that are equal in NFC and lower case', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const fold = (local: string): string => local.normalize('NFC').toLowerCase().normalize('NFC');
        const same = emailKey(`${one}@münchen.example`) === emailKey(`${other}@münchen.example`);
        expect(same).toBe(fold(`${one}@`) === fold(`${other}@`));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('an address for mail servers', () => {
  it.each([
    ['Ada@Nordlicht.Example', 'Ada@Nordlicht.Example'],
    ['Ada@MÜNCHEN.example', 'Ada@xn--mnchen-3ya.example'],
    ['José@ＮＯＲＤ.example', 'José@nord.example'],
    ['ada', 'ada'],
    ['ada@xn--ü.example', 'ada@xn--ü.example'],
  ])('of %j is %j', (email, routable) => {
    expect(routableEmail(email)).toBe(routable);
  });
});
