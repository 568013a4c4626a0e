import { describe, expect, it } from '@jest/globals';
import { passwordFault } from './password-rule.js';

const fault = (password: string) => passwordFault(password, 'Ada.Berg@nordlicht.example');

describe('a password', () => {
  it.each(['correct horse battery staple', 'Zwölf Boxkämpfer jagen', 'ada.berg likes long walks'])(
    'can be %j',
    async (password) => {
      expect(await fault(password)).toBeNull();
    },
  );

  it.each(['1234567890', 'Password123', 'qwertyuiop', 'q w e r t y u i o p', '1q2w3e4r5t'])(
    'is not a common one: %j',
    async (password) => {
      expect(await fault(password)).toContain('most often used');
    },
  );

  it.each(['ada.berg@nordlicht.example', 'ADA.BERG@NORDLICHT.EXAMPLE!', 'ada.berg123', 'Ada.BergAda.Berg'])(
    'is not the own address: %j',
    async (password) => {
      expect(await fault(password)).toContain('own e-mail address');
    },
  );

  it.each([
    [' '.repeat(12), 'must not be blank'],
    ['\u200b'.repeat(12), 'must not be blank'],
    ['  secret    ', 'at least 10 characters'],
  ])('does not consist of blanks: %j', async (password, expected) => {
    expect(await fault(password)).toContain(expected);
  });
});
