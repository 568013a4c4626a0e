import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

const NAME = 'allotree_session';
/** Sent only where it is used, so that no other route can act on a cookie. */
const PATH = '/api/v1/auth/session';

/** Of a browser on the same page's origin only (SameSite), and out of reach of scripts (HttpOnly). */
const attributes = (request: FastifyRequest) =>
  ({ path: PATH, httpOnly: true, sameSite: 'strict', secure: request.protocol === 'https' }) as const;

/** The refresh token that a browser keeps; `null`: it keeps none. */
export const sessionCookie = ({ headers }: FastifyRequest): string | null =>
  parseCookie(headers.cookie ?? '')[NAME] ?? null;

/** Lets the browser keep a refresh token. @param seconds after which it forgets it */
export function keepSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string, seconds: number): void {
  void reply.header(
    'set-cookie',
    stringifySetCookie({ name: NAME, value: token, maxAge: seconds, ...attributes(request) }),
  );
}

export function dropSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  void reply.header('set-cookie', stringifySetCookie({ name: NAME, value: '', maxAge: 0, ...attributes(request) }));
}
