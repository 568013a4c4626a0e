import { describe, expect, it } from '@jest/globals';
import { linklessText } from './linkless-text.js';

describe('text of a stranger in a mail', () => {
  it.each([
    ['https://evil.example/x', 'evil. example/x'],
    ['HTTPS://evil.example', 'evil. example'],
    ['hxhttps://https://evil.example', 'evil. example'],
    ['https:/https:///evil.example', 'evil. example'],
    ['www.evil.example', 'www. evil. example'],
    ['log in at evil。example or evil．example', 'log in at evil. example or evil. example'],
    ['ev\u200bil.exa\u00admple', 'evil. example'],
    ['evil.\u202eelpmaxe', 'evil. elpmaxe'],
    ['пример.рф', 'пример. рф'],
    ['mailto:eve@evil.example', 'mailto:eve@evil. example'],
    ['93.184.216.34/login', '93. 184. 216. 34/login'],
  ])('has no link: %j becomes %j', (text, plain) => {
    expect(linklessText(text)).toBe(plain);
  });

  it.each(['Hafenblick', 'Building 2.5', 'Dr. Ada Berg', "O'Neil & Sons", 'نمی\u200cخواهم', 'Haus 3, 1. OG'])(
    'stays as it is where it is a name: %j',
    (name) => {
      expect(linklessText(name)).toBe(name);
    },
  );

  it('is one line, trimmed, in NFC', () => {
    expect(linklessText('  A\r\n\tB\u2028C e\u0301\u0000 ')).toBe('A B C é');
  });

  it('is shortened, and not inside a character', () => {
    expect(linklessText('x'.repeat(80))).toBe('x'.repeat(80));
    expect(linklessText('x'.repeat(81))).toBe(`${'x'.repeat(79)}…`);
    expect(linklessText('😀'.repeat(20), 10)).toBe(`${'😀'.repeat(9)}…`);
    expect([...linklessText('a.'.repeat(1_000_000))]).toHaveLength(80);
  });

  it('has no link after it was shortened twice', () => {
    const once = linklessText('see evil.example/'.repeat(10));
    expect(linklessText(once)).toBe(once);
  });
});
