import { describe, expect, it } from '@jest/globals';
import { Email } from './words.js';

const messageOf = (text: string): string | undefined => Email.safeParse(text).error?.issues[0]?.message;

describe('an e-mail address', () => {
  it.each([
    'ada@nordlicht.example',
    "o'hara+intercom@nordlicht.example",
    'r&d@nordlicht.example',
    '!#$%*/=?^_`{|}~-@nordlicht.example',
    'ada@münchen.example',
    'ada@nordlicht.xn--p1ai',
    'ada@почта.рф',
    'ада@почта.рф',
    '用户@例子.中国',
    'ada@نامه\u200cای.com',
    'josé@nordlicht.example',
    `${'a'.repeat(64)}@nordlicht.example`,
    `${'é'.repeat(32)}@nordlicht.example`,
    `a@${`${'b'.repeat(63)}.`.repeat(3)}${'c'.repeat(60)}`,
  ])('is %j', (email) => {
    expect(Email.parse(email)).toBe(email);
  });

  it('is kept as typed in NFC, without white space around it', () => {
    expect(Email.parse(' Jose\u0301@Mu\u0308nchen.example ')).toBe('José@München.example');
  });

  it.each([
    ['65 octets before the @', `${'a'.repeat(65)}@nordlicht.example`, 'must have at most 64 octets before the @'],
    ['33 letters of two octets', `${'é'.repeat(33)}@nordlicht.example`, 'must have at most 64 octets before the @'],
    [
      '255 octets',
      `a@${`${'b'.repeat(63)}.`.repeat(3)}${'c'.repeat(61)}`,
      'Too big: expected string to have <=254 characters',
    ],
    ['255 octets in fewer letters', `a@${`${'ü'.repeat(30)}.`.repeat(4)}example.de`, 'must have at most 254 octets'],
    ['no domain', 'ada@', 'must be an e-mail address'],
    ['no local part', '@nordlicht.example', 'must be an e-mail address'],
    ['no dot in the domain', 'ada@nordlicht', 'must be an e-mail address'],
    ['two @', 'ada@ben@nordlicht.example', 'must be an e-mail address'],
    ['white space', 'a da@nordlicht.example', 'must be an e-mail address'],
    ['another white space', 'a\u00a0da@nordlicht.example', 'must not contain characters that cannot be seen'],
    ['a line separator', 'a\u2028da@nordlicht.example', 'must not contain characters that cannot be seen'],
    ['a direction mark', 'a\u202eda@nordlicht.example', 'must not contain characters that cannot be seen'],
    ['a zero-width space', 'a\u200bda@nordlicht.example', 'must not contain characters that cannot be seen'],
    ['a joiner before the @', 'a\u200dda@nordlicht.example', 'must not contain characters that cannot be seen'],
    ['a soft hyphen in the domain', 'ada@nord\u00adlicht.example', 'must not contain characters that cannot be seen'],
    ['an address of a machine', 'ada@[127.0.0.1]', 'must be an e-mail address'],
    ['a line break', 'ada@nordlicht.example\r\nBcc: b@x.example', 'must be an e-mail address'],
    ['a list', 'ada@nordlicht.example,ben@nordlicht.example', 'must be an e-mail address'],
    ['a label of 64 letters', `ada@${'b'.repeat(64)}.example`, 'must be an e-mail address'],
  ])('has not %s', (_what, email, message) => {
    expect(messageOf(email)).toBe(message);
  });
});
