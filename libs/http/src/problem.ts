import { PROBLEMS, type FieldError, type ProblemCode } from '@allotree/contracts';
import { isoInstants } from './iso-instants.js';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** Facts that are instants: domain refusals carry them as milliseconds, HTTP as ISO 8601. */
const INSTANT_FACTS = new Set([
  'at',
  'validFrom',
  'validUntil',
  'until',
  'requestedFrom',
  'requestedUntil',
  'dueAt',
  'now',
  'lastRecorded',
]);

/** An answer other than the requested one. The only exception a route throws on purpose; statuses come from `PROBLEMS`. */
export class Problem extends Error {
  override readonly name = 'Problem';

  /**
   * @param detail one sentence for a person, about this occurrence; default: the title of the code
   * @param facts the data a program needs to act on it
   */
  constructor(
    readonly code: ProblemCode,
    readonly detail: string = PROBLEMS[code].title,
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }

  static validation(field: string, message: string): Problem {
    return invalid([{ field, message }]);
  }
}

/** The 404 for everything that does not exist or is not accessible to this caller: both read the same. */
export const notFound = (what: string, id: string): Problem =>
  new Problem('NOT_FOUND', `There is no ${what} ${id} here`, { what, id });

/**
 * In place of an answer that something is missing or not permitted, where events that were published before the request, and may
 * change that answer, have not all arrived in this service.
 */
export const notArrived = (): Problem =>
  new Problem('UNAVAILABLE', 'Changes made before this request have not all arrived in this service yet. Try again', {
    retryAfterSeconds: 1,
  });

export const invalid = (errors: readonly FieldError[]): Problem => {
  const [first] = errors;
  const detail =
    first === undefined
      ? PROBLEMS.VALIDATION.title
      : first.field === ''
        ? first.message
        : `${first.field}: ${first.message}`;
  return new Problem('VALIDATION', detail, { errors });
};

/** A refusal of the domain: its code and its facts. */
export interface RefusalLike {
  readonly code: ProblemCode;
}

/** The problem for a refusal. Instants among its facts become ISO 8601. */
export function refusalProblem(refusal: RefusalLike, detail?: string): Problem {
  const { code, ...facts } = refusal as RefusalLike & Record<string, unknown>;
  if (code === 'VALIDATION') return Problem.validation(String(facts['field']), String(facts['message']));
  return new Problem(
    code,
    detail ?? PROBLEMS[code].title,
    isoInstants(facts, INSTANT_FACTS) as Record<string, unknown>,
  );
}

/** The answer to an `If-Match` that names none of the resource's current revisions. */
export function staleRevision(expectedRevision: number | readonly number[], revision: number): Problem {
  const expected = [expectedRevision].flat();
  const detail =
    expected.length === 0
      ? `If-Match names no ETag of this resource, or weak ones only, which match nothing; it is at revision ${revision} now`
      : `Changed since revision ${expected.join(', ')}; it is at ${revision} now`;
  return new Problem('STALE_REVISION', detail, { expectedRevision, revision });
}

/** The outcome of a command, as the runtime reports it. */
export type OutcomeLike<Accepted> =
  | ({ readonly kind: 'accepted' } & Accepted)
  | { readonly kind: 'refused'; readonly refusal: RefusalLike; readonly revision: number }
  | { readonly kind: 'stale'; readonly expectedRevision: number | readonly number[]; readonly revision: number };

/**
 * Returns the accepted outcome, or throws the `Problem` with the refusal's code, or `STALE_REVISION`.
 * @param detail describes the refusal in a sentence; default: the title of its code
 */
export function accepted<Outcome extends { readonly kind: string }>(
  outcome: Outcome,
  detail?: (
    refusal: Extract<Outcome, { kind: 'refused' }> extends { refusal: infer Refusal } ? Refusal : never,
  ) => string,
): Extract<Outcome, { kind: 'accepted' }> {
  if (outcome.kind === 'accepted') return outcome as Extract<Outcome, { kind: 'accepted' }>;
  const failed = outcome as unknown as Exclude<OutcomeLike<object>, { kind: 'accepted' }>;
  if (failed.kind === 'stale') throw staleRevision(failed.expectedRevision, failed.revision);
  throw refusalProblem(failed.refusal, detail?.(failed.refusal as never));
}
