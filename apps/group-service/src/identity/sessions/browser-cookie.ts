import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

interface Settings {
  readonly name: string;
  /** Sent with requests below this path alone. */
  readonly path: string;
  readonly sameSite: 'strict' | 'lax';
}

/** A cookie out of reach of scripts (HttpOnly), and sent over TLS alone where it was set over TLS. */
export class BrowserCookie {
  constructor(private readonly settingsOn: (request: FastifyRequest) => Settings) {}

  /** `null`: the browser keeps none. */
  valueIn(request: FastifyRequest): string | null {
    return parseCookie(request.headers.cookie ?? '')[this.settingsOn(request).name] ?? null;
  }

  /** @param seconds after which the browser forgets it */
  keep(request: FastifyRequest, reply: FastifyReply, value: string, seconds: number): void {
    const lasting = { httpOnly: true, secure: request.protocol === 'https', maxAge: seconds };
    void reply.header('set-cookie', stringifySetCookie({ ...this.settingsOn(request), ...lasting, value }));
  }

  drop(request: FastifyRequest, reply: FastifyReply): void {
    this.keep(request, reply, '', 0);
  }
}
