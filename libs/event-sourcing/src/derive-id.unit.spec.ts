import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deriveId } from './derive-id.js';

describe('deriveId', () => {
  it('never changes, because recorded ids depend on it', () => {
    expect(deriveId('c0a80101-0000-4000-8000-000000000001', 0)).toBe('a5bd7d76-a6df-51f4-8ff0-066d135ecb7f');
    expect(deriveId('anything', 'license')).toBe('e11e7b0b-9eb9-5d40-a9fb-8f9d0d1890d9');
  });

  it('returns version 5 UUIDs', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (commandId, index) => {
        expect(deriveId(commandId, index)).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
      }),
    );
  });

  it('returns different ids for different indexes or labels', () => {
    expect(new Set([0, 1, 2, 'a', 'b'].map((label) => deriveId('c', label))).size).toBe(5);
  });
});
