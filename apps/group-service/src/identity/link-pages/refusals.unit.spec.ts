import { describe, expect, it } from '@jest/globals';
import { Password } from '@allotree/contracts';
import { passwordFault } from '@allotree/identity/password-rule';
import { PASSWORD_FAULTS } from './refusals.js';

describe('the German words of the pages', () => {
  it('cover every fault of a password', async () => {
    const { error } = Password.safeParse('short');
    const faults = await Promise.all(
      ['          ', 'a   b   c  d', 'ada@nordlicht.example', 'password1234'].map((password) =>
        passwordFault(password, 'ada@nordlicht.example'),
      ),
    );
    const messages = PASSWORD_FAULTS.map(({ en }) => en);
    expect(messages).toEqual(expect.arrayContaining([error?.issues[0]?.message, ...faults]));
    expect(messages).toHaveLength(5);
  });
});
