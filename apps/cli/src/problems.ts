import { Unreachable, UnexpectedRefusal, type ProblemAnswer } from '@allotree/api-client';
import { stringify as yamlOf } from 'yaml';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';

const STALE = new Set(['STALE_REVISION', 'STALE_PLAN']);
/** Answers of status 409 that no rule of the domain gives: the same request may be accepted later. */
const NO_RULE = new Set(['IDEMPOTENCY_KEY_IN_USE', 'CLOCKS_DIFFER', 'CLOCK_BEHIND']);
/** Forbidden by a rule about the thing, not by a missing permission. */
const RULES_OF_AUTHORITY = new Set([
  'ISSUED_FROM_ABOVE',
  'MEMBERS_HOLD_MORE',
  'POSTPAID_NOT_ALLOWED',
  'SET_FROM_ABOVE',
  'SUSPENDED_FROM_ABOVE',
  'TRIAL_TERM_FIXED',
]);

/** Shown in its own place, or of no use to the caller. */
const NO_FACTS = ['type', 'title', 'status', 'code', 'detail', 'instance', 'correlationId'];

const ADVICE: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'Sign in with `allotree login`, or set ALLOTREE_API_KEY.',
  FORBIDDEN: '`allotree whoami` shows who you are signed in as.',
  NOT_FOUND: 'It does not exist, or you cannot access it.',
};

/** The exit code for an answer of the API. */
export function exitCodeOf({ code, status }: ProblemAnswer): ExitCode {
  if (STALE.has(code)) return EXIT.stale;
  if (RULES_OF_AUTHORITY.has(code) || (status === 409 && !NO_RULE.has(code))) return EXIT.refused;
  return EXIT.failed;
}

/** A single fault is in `detail` already. */
const isRepeated = (name: string, value: unknown): boolean =>
  name === 'errors' && Array.isArray(value) && value.length === 1;

const factsOf = (problem: ProblemAnswer): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(problem).filter(([name, value]) => !NO_FACTS.includes(name) && !isRepeated(name, value)),
  );

const indented = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`);

/** Problem details as a message: what happened, the sentence about this case, the facts, and what to do. */
export function messageOf(problem: ProblemAnswer): string {
  const facts = factsOf(problem);
  const advice = ADVICE[problem.code];
  const { correlationId } = problem;
  return [
    `error: ${problem.title ?? `the server answered ${problem.status}`} (${problem.code})`,
    ...(problem.detail === undefined || problem.detail === '' ? [] : indented(problem.detail)),
    ...(Object.keys(facts).length === 0 ? [] : indented(yamlOf(facts))),
    ...(advice === undefined ? [] : [`  ${advice}`]),
    ...(problem.status >= 500 && typeof correlationId === 'string' ? [`  correlation id: ${correlationId}`] : []),
  ].join('\n');
}

export interface Failure {
  readonly exitCode: ExitCode;
  readonly message: string;
  /** The answer of the API, if it gave one. */
  readonly problem?: ProblemAnswer;
}

/** Whatever ended a command, as a message and an exit code; `null` for an error in this program. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof UnexpectedRefusal)
    return { exitCode: exitCodeOf(error.problem), message: messageOf(error.problem), problem: error.problem };
  if (error instanceof CliError) return { exitCode: error.exitCode, message: `error: ${error.message}` };
  if (error instanceof Unreachable)
    return {
      exitCode: EXIT.failed,
      message: `error: ${error.message}\n  Is the server running? --server or ALLOTREE_SERVER names another one.`,
    };
  return null;
}
