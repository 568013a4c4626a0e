import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ATTEMPT_SECONDS } from '../openid-attempt.js';

/** With the prefix, no other host of the domain can set it; browsers take it over TLS only. */
const nameOn = ({ protocol }: FastifyRequest): string =>
  protocol === 'https' ? '__Host-allotree_openid' : 'allotree_openid';

/** Lax: the provider sends the browser back from its own site. */
const attributes = ({ protocol }: FastifyRequest) =>
  ({ path: '/', httpOnly: true, sameSite: 'lax', secure: protocol === 'https' }) as const;

/** The sealed attempt that a browser keeps; `null`: it keeps none. */
export const attemptCookie = (request: FastifyRequest): string | null =>
  parseCookie(request.headers.cookie ?? '')[nameOn(request)] ?? null;

export function keepAttemptCookie(request: FastifyRequest, reply: FastifyReply, value: string): void {
  const cookie = { name: nameOn(request), value, maxAge: ATTEMPT_SECONDS, ...attributes(request) };
  void reply.header('set-cookie', stringifySetCookie(cookie));
}

export function dropAttemptCookie(request: FastifyRequest, reply: FastifyReply): void {
  const cookie = { name: nameOn(request), value: '', maxAge: 0, ...attributes(request) };
  void reply.header('set-cookie', stringifySetCookie(cookie));
}
