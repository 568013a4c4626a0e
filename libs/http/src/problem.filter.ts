import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { PROBLEMS, problemType, type ProblemDetails } from '@allotree/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { LOGGER } from '@allotree/basics';
import { pathOf, type ApiRequest } from './caller.js';
import { transientProblem } from './transient-error.js';
import { invalid, Problem, PROBLEM_CONTENT_TYPE } from './problem.js';

/** Answers every failure of a route with RFC 9457 problem details. HTTP status codes are decided here and nowhere else. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    // The bus deals with a message that failed, and sees its error.
    if (host.getType() !== 'http') throw error;
    const http = host.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const problem = problemOf(error);
    const facts = { err: error, method: request.method, route: request.url };
    this.logger.debug(
      { method: request.method, route: request.url, code: problem.code, detail: problem.detail },
      'request refused',
    );
    if (problem.code === 'INTERNAL') this.logger.error(facts, 'request failed');
    if (problem.code === 'UNAVAILABLE') this.logger.warn(facts, 'a backend does not answer a request');
    sendProblem(http.getResponse<FastifyReply>(), problem, request);
  }
}

export function sendProblem(reply: FastifyReply, problem: Problem, request: FastifyRequest): void {
  if (reply.sent) return;
  const details = problemDetails(problem, request);
  const retryAfter = problem.facts['retryAfterSeconds'];
  if (typeof retryAfter === 'number') void reply.header('retry-after', String(retryAfter));
  if (problem.code === 'UNAUTHENTICATED') void reply.header('www-authenticate', 'Bearer');
  void reply.status(details.status).header('content-type', PROBLEM_CONTENT_TYPE).send(problemBody(details));
}

/** Bytes, because Fastify would add a charset to a string, which this media type does not have. */
export const problemBody = (details: unknown): Buffer => Buffer.from(JSON.stringify(details));

/** The body of a problem answer. */
export function problemDetails(problem: Problem, request: FastifyRequest): ProblemDetails {
  const kind = PROBLEMS[problem.code];
  return {
    ...problem.facts,
    type: problemType(problem.code),
    title: kind.title,
    status: kind.status,
    detail: problem.detail,
    instance: pathOf(request),
    code: problem.code,
    correlationId: (request as ApiRequest).correlationId ?? '',
  };
}

/** The problem for an error. An error that is not meant for the caller becomes `INTERNAL`, without details. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const transient = transientProblem(error);
  if (transient !== null) return transient;
  const status = statusOf(error);
  switch (status) {
    case 400:
      return invalid([{ field: '', message: (error as Error).message }]);
    case 404:
      return new Problem('NOT_FOUND', 'There is nothing at this address');
    case 413:
      return new Problem('PAYLOAD_TOO_LARGE');
    case 414:
      return new Problem('NOT_FOUND', 'There is nothing at this address');
    case 415:
      return new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send JSON: Content-Type: application/json');
    case 503:
      return new Problem('OVERLOADED', PROBLEMS.OVERLOADED.title, { retryAfterSeconds: 1 });
    default:
      return new Problem('INTERNAL', 'An unexpected error occurred. It was logged under this correlation id');
  }
}

/** The status of Nest's own exceptions and of Fastify's errors about the request. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && error.name === 'FastifyError')
    return (error as Error & { statusCode?: number }).statusCode;
  return undefined;
}
