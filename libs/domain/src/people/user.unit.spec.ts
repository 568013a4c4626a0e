import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { userAggregate, type UserEvent } from './user.aggregate.js';

const ada = {
  userId: 'ada',
  email: 'ada@nordlicht.example',
  name: 'Ada Berg',
  timeZone: 'Europe/Berlin',
  language: 'de',
};
const registered: UserEvent = { type: 'UserRegistered', data: ada };
const nobody = given(userAggregate, []);
const somebody = given(userAggregate, [registered]);
const session = { sessionId: 's1', userId: 'ada', until: '2026-06-01T12:15:00.000Z' };

describe('an account', () => {
  it('is created once, with a tidy name', () => {
    nobody
      .when({ type: 'RegisterUser', ...ada, name: ' Ada Berg ' })
      .then([registered])
      .when({ type: 'RegisterUser', ...ada, name: 'Somebody else' })
      .then([]);
  });

  it('confirms its address once', () => {
    somebody
      .when({ type: 'ConfirmUserEmail', userId: 'ada' })
      .then([{ type: 'UserEmailConfirmed', data: { email: ada.email } }])
      .when({ type: 'ConfirmUserEmail', userId: 'ada' })
      .then([]);
  });

  it('changes the given details and keeps the rest', () => {
    const changed = { name: 'Ada Berg', timeZone: 'Europe/Oslo', language: 'de' };
    somebody
      .when({ type: 'ChangeUserDetails', userId: 'ada', timeZone: 'Europe/Oslo' })
      .then([{ type: 'UserDetailsChanged', data: changed }])
      .when({ type: 'ChangeUserDetails', userId: 'ada', ...changed })
      .then([]);
    const { name, timeZone, language } = ada;
    for (const one of [{ name: 'Ada Lund' }, { language: 'en' }])
      somebody
        .when({ type: 'ChangeUserDetails', userId: 'ada', ...one })
        .then([{ type: 'UserDetailsChanged', data: { name, timeZone, language, ...one } }]);
  });

  it('is deactivated and reinstated', () => {
    somebody
      .when({ type: 'DeactivateUser', userId: 'ada', reason: 'lost phone' })
      .then([{ type: 'UserDeactivated', data: { reason: 'lost phone' } }])
      .when({ type: 'DeactivateUser', userId: 'ada', reason: 'again' })
      .then([])
      .when({ type: 'ChangeUserDetails', userId: 'ada', name: ada.name })
      .then([])
      .when({ type: 'ReinstateUser', userId: 'ada', reason: 'found' })
      .then([{ type: 'UserReinstated', data: { reason: 'found' } }])
      .when({ type: 'ReinstateUser', userId: 'ada', reason: 'found' })
      .then([]);
  });

  it('is linked to each external identity once', () => {
    const identity = { issuer: 'https://id.example', subject: '42' };
    somebody
      .when({ type: 'LinkIdentity', userId: 'ada', ...identity })
      .then([
        {
          type: 'IdentityLinked',
          data: { userId: 'ada', email: 'ada@nordlicht.example', ...identity },
        },
      ])
      .when({ type: 'LinkIdentity', userId: 'ada', ...identity })
      .then([])
      .when({ type: 'LinkIdentity', userId: 'ada', ...identity, subject: '43' })
      .then([
        {
          type: 'IdentityLinked',
          data: { userId: 'ada', email: 'ada@nordlicht.example', ...identity, subject: '43' },
        },
      ]);
  });

  it('must exist to be changed', () => {
    const refusal = { code: 'NOT_FOUND', what: 'user', id: 'ada' } as const;
    nobody.when({ type: 'ChangeUserDetails', userId: 'ada', name: 'Eve' }).then(refusal);
    nobody.when({ type: 'ConfirmUserEmail', userId: 'ada' }).then(refusal);
    nobody.when({ type: 'DeactivateUser', userId: 'ada', reason: 'x' }).then(refusal);
    nobody.when({ type: 'ReinstateUser', userId: 'ada', reason: 'x' }).then(refusal);
  });
});

describe('a session', () => {
  it.each([
    ['of somebody', somebody],
    ['of a caller without an account', nobody],
  ])('%s is revoked once', (_whose, whoever) => {
    whoever
      .when({ type: 'RevokeSession', ...session })
      .then([{ type: 'SessionRevoked', data: session }])
      .when({ type: 'RevokeSession', ...session, until: '2026-06-01T13:00:00.000Z' })
      .then([]);
  });
});

describe('what is stored', () => {
  // P3
  it.each([
    ['UserRegistered', ada],
    ['IdentityLinked', { userId: 'ada', email: ada.email, issuer: 'https://id.example', subject: '42' }],
  ])('ignores the tenant that earlier versions stored with %s', (type, data) => {
    expect(userAggregate.decode(type, { ...data, tenantId: 'nordlicht' })).toStrictEqual({ type, data });
  });

  it('is read and written unchanged', () => {
    const { type, data } = userAggregate.encode(registered);
    expect(userAggregate.decode(type, data)).toStrictEqual(registered);
    expect(() => userAggregate.decode('UserLost', {})).toThrow('unknown event type of a user: UserLost');
  });
});
