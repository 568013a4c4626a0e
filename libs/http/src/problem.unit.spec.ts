import { describe, expect, it } from '@jest/globals';
import { etagOf, expectedRevision } from './etag.js';
import { transientProblem } from './transient-error.js';
import { accepted, Problem, refusalProblem } from './problem.js';

const problemOf = (work: () => unknown): Problem => {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('no problem');
};

describe('accepted', () => {
  it('passes an accepted outcome through', () => {
    const outcome = { kind: 'accepted', events: [1], revision: 3, position: 9n } as const;
    expect(accepted(outcome)).toBe(outcome);
  });

  it('turns a refusal into the problem of its code, with its instants as ISO 8601', () => {
    const refusal = {
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 50,
      available: null,
      limitedBy: { groupId: 'a', name: 'A', limit: 80, validUntil: Date.parse('2026-12-01T00:00:00Z') },
      at: Date.parse('2026-06-01T00:00:00Z'),
    } as const;
    const problem = problemOf(() =>
      accepted({ kind: 'refused', refusal, revision: 3 } as const, (said) => `${said.resource} is short`),
    );
    expect(problem).toMatchObject({ code: 'LIMIT_EXCEEDED', detail: 'sip_number is short' });
    expect(problem.facts).toEqual({
      resource: 'sip_number',
      requested: 50,
      available: null,
      limitedBy: { groupId: 'a', name: 'A', limit: 80, validUntil: '2026-12-01T00:00:00.000Z' },
      at: '2026-06-01T00:00:00.000Z',
    });
  });

  it('names the field of an invalid command as validation does', () => {
    const problem = refusalProblem({ code: 'VALIDATION', field: 'units', message: 'must not be empty' } as {
      code: 'VALIDATION';
    });
    expect([problem.detail, problem.facts]).toEqual([
      'units: must not be empty',
      { errors: [{ field: 'units', message: 'must not be empty' }] },
    ]);
  });

  it('answers a decision on an older revision with both revisions', () => {
    const problem = problemOf(() => accepted({ kind: 'stale', expectedRevision: 3, revision: 5 }));
    expect([problem.code, problem.facts]).toEqual(['STALE_REVISION', { expectedRevision: 3, revision: 5 }]);
  });
});

describe('a transient error', () => {
  const coded = (code: string, cause?: unknown) => Object.assign(new Error('no', { cause }), { code });
  const codeOf = (error: unknown) => transientProblem(error)?.code ?? null;

  it.each([
    ['a statement that took too long', Object.assign(new Error('canceling statement'), { code: '57014' })],
    ['a statement that timed out in the driver', new Error('Query read timeout')],
    ['a deadlock', Object.assign(new Error('deadlock detected'), { code: '40P01' })],
    ['a database short of memory', Object.assign(new Error('out of memory'), { code: '53200' })],
  ])('is 503 UNAVAILABLE after %s', (_what, error) => {
    expect(codeOf(error)).toBe('UNAVAILABLE');
    expect(codeOf(new Error('QueryFailedError', { cause: error }))).toBe('UNAVAILABLE');
  });

  it.each(['53100', 'ENOSPC'])('is 503 STORAGE_FULL, with nothing recorded, on a full disk (%s)', (code) => {
    const full = Object.assign(new Error('could not extend file'), { code });
    expect(transientProblem(full)).toMatchObject({ code: 'STORAGE_FULL', facts: { retryAfterSeconds: 30 } });
    expect(codeOf(new Error('QueryFailedError', { cause: full }))).toBe('STORAGE_FULL');
  });

  it('says whether something was recorded, and when to retry', () => {
    const busy = transientProblem(Object.assign(new Error('64 commands already wait'), { recorded: 'nothing' }));
    expect([busy?.code, busy?.detail, busy?.facts]).toEqual([
      'OVERLOADED',
      'Nothing was done: 64 commands already wait',
      { retryAfterSeconds: 1 },
    ]);
    const unknown = transientProblem(Object.assign(new Error('not confirmed'), { recorded: 'unknown' }));
    expect([unknown?.code, unknown?.facts]).toEqual(['UNAVAILABLE', { retryAfterSeconds: 1 }]);
    expect(unknown?.detail).not.toContain('not confirmed');
  });

  it('is found in the cause of an error, at any depth', () => {
    expect(
      [coded('ECONNREFUSED'), coded('57P03'), new Error('Connection terminated unexpectedly')].map(codeOf),
    ).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
    expect(codeOf(new Error('query failed', { cause: coded('XX', coded('ECONNRESET')) }))).toBe('UNAVAILABLE');
  });

  it('is no other error', () => {
    expect([new Error('no'), coded('23505'), 'ECONNREFUSED', null].map(codeOf)).toEqual([null, null, null, null]);
  });
});

describe('revisions in headers', () => {
  it('are read back as they were written', () => {
    for (const revision of [0, 7, 123_456_789]) expect(expectedRevision(etagOf(revision))).toBe(revision);
    expect(expectedRevision('"1", "2"')).toEqual([1, 2]);
    expect([expectedRevision(undefined), expectedRevision('*')]).toEqual([undefined, undefined]);
  });

  it.each(['W/"7"', '""', '"-1"', '"07"', '"x"', '"9999999999999999"'])(
    'match nothing when weak or foreign: %s',
    (tag) => {
      expect(expectedRevision(tag)).toEqual([]);
      expect(expectedRevision(`${tag}, "7"`)).toEqual([7]);
    },
  );

  it.each(['7', '"1" "2"', 'w/"7"', ',', '"7'])('are refused when malformed: %s', (header) => {
    expect(problemOf(() => expectedRevision(header)).facts).toMatchObject({ errors: [{ field: 'If-Match' }] });
  });
});
