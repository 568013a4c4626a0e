import { describe, expect, it } from '@jest/globals';
import { externalIdOf, noExternalIds, putExternalId, refuseExternalId, tidyExternalId } from './external-ids.js';

describe('an external id', () => {
  it('is kept as it was sent, in NFC and trimmed', () => {
    expect(tidyExternalId(' Cafe\u0301  1 ')).toBe('Caf\u00e9  1');
  });

  it.each([
    ['', 'must not be empty'],
    ['x'.repeat(129), 'must have at most 128 characters'],
    ['ERP\u200b1', 'must not contain characters that cannot be seen'],
  ])('is refused: %j', (externalId, message) => {
    expect(refuseExternalId('externalId', externalId)).toStrictEqual({
      ok: false,
      refusal: { code: 'VALIDATION', field: 'externalId', message },
    });
  });

  it.each([null, 'x', 'x'.repeat(128)])('is accepted: %j', (externalId) => {
    expect(refuseExternalId('externalId', externalId)).toBeNull();
  });

  it('is free again when its holder gets another one or none', () => {
    const ids = noExternalIds();
    putExternalId(ids, 'a', 'ERP 1');
    putExternalId(ids, 'b', 'ERP 2');
    putExternalId(ids, 'a', 'ERP 3');
    putExternalId(ids, 'b', null);
    expect([...ids.holders]).toEqual([['ERP 3', 'a']]);
    expect([externalIdOf(ids, 'a'), externalIdOf(ids, 'b')]).toEqual(['ERP 3', null]);
  });
});
