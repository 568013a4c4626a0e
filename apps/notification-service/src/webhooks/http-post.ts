import type { Socket } from 'node:net';
import { buildConnector, Client } from 'undici';
import { isGlobalAddress } from './global-address.js';
import { addressesOf, NO_PUBLIC_ADDRESS, type ResolveHost } from './host-addresses.js';
import { retryAfterOf } from './retry-schedule.js';

export interface PostSettings {
  /** `http:` and addresses that are not global, for development. */
  readonly allowInsecure: boolean;
  /** For everything from the first name server to the last byte. */
  readonly timeoutMs: number;
  readonly resolve: ResolveHost;
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Ends the attempt early: the process stops. */
  readonly signal: AbortSignal;
}

/** How an attempt ended. Nothing of the answer is kept but its status: its body and headers are the receiver's own. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly status: number }
  | {
      readonly kind: 'failed';
      readonly status: number | null;
      readonly error: string;
      readonly retryAfterMs: number | null;
    }
  /** The process stops. */
  | { readonly kind: 'interrupted' };

/** Addresses of a host that are tried in one attempt. */
const ADDRESSES_TRIED = 3;
const CONNECT_WITHIN_MS = 5_000;
const MAX_HEADER_BYTES = 16_384;
/** An answer that goes on is read so far, so that the receiver can end it properly, and then cut off. */
const DRAINED_BYTES = 16_384;
const DRAIN_WITHIN_MS = 1_000;

class NotAllowed extends Error {}

/**
 * Sends one POST on a connection of its own, to an address that was checked just before: names are resolved once, every address is checked,
 * and the connection is made to the checked address itself, so a name that changes in between leads nowhere else. Redirects are not followed.
 */
export async function post(
  { url: text, headers, body, signal: stop }: Post,
  { timeoutMs, ...settings }: PostSettings,
): Promise<Outcome> {
  const url = new URL(text);
  if (url.protocol !== 'https:' && !settings.allowInsecure) return failed('the URL does not begin with https://');
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([stop, timeout]);
  const client = new Client(url.origin, {
    connect: connectorTo(settings, signal),
    maxHeaderSize: MAX_HEADER_BYTES,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  try {
    const path = `${url.pathname}${url.search}`;
    const answer = await client.request({ method: 'POST', path, headers, body, signal, reset: true });
    const drained = AbortSignal.any([signal, AbortSignal.timeout(DRAIN_WITHIN_MS)]);
    await answer.body.dump({ limit: DRAINED_BYTES, signal: drained }).catch(() => undefined);
    return outcomeOf(answer.statusCode, headerOf(answer.headers, 'retry-after'));
  } catch (error) {
    if (stop.aborted) return { kind: 'interrupted' };
    return failed(timeout.aborted ? `no answer within ${timeoutMs / 1_000} seconds` : reasonOf(error));
  } finally {
    await client.destroy().catch(() => undefined);
  }
}

function outcomeOf(status: number, retryAfter: string | undefined): Outcome {
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  const error = status >= 300 && status < 400 ? 'redirects are not followed' : `answered with status ${status}`;
  return { kind: 'failed', status, error, retryAfterMs: retryAfterOf(retryAfter, Date.now()) };
}

const failed = (error: string): Outcome => ({ kind: 'failed', status: null, error, retryAfterMs: null });

const headerOf = (headers: Readonly<Record<string, string | string[] | undefined>>, name: string) => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** Connects to a checked address, whatever else the name leads to by then; TLS is about the name all the same. */
function connectorTo(settings: Omit<PostSettings, 'timeoutMs'>, signal: AbortSignal): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_WITHIN_MS, allowH2: false, maxCachedSessions: 0 });
  const connectTo = (options: buildConnector.Options, address: string): Promise<Socket> =>
    new Promise((resolve, reject) => {
      connect({ ...options, hostname: address }, (error, socket) => {
        if (error !== null) reject(error);
        else resolve(socket);
      });
    });
  const open = async (options: buildConnector.Options): Promise<Socket> => {
    const addresses = await addressesOf(options.hostname, settings, signal);
    let failure: unknown = new NotAllowed(NO_PUBLIC_ADDRESS);
    for (const address of addresses.slice(0, ADDRESSES_TRIED)) {
      signal.throwIfAborted();
      try {
        return checked(await connectTo(options, address), settings.allowInsecure);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  };
  return (options, callback) => {
    open(options).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    );
  };
}

/** Checks the address that the socket is really connected to, whatever the name resolved to before. */
function checked(socket: Socket, allowInsecure: boolean): Socket {
  if (allowInsecure || isGlobalAddress(socket.remoteAddress ?? '')) return socket;
  socket.destroy();
  throw new NotAllowed(NO_PUBLIC_ADDRESS);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before an answer',
  EPIPE: 'the connection was closed before an answer',
  UND_ERR_SOCKET: 'the connection was closed before an answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the host cannot be reached',
  ETIMEDOUT: 'the host cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'the host cannot be reached',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too long',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no answer in time',
};

/** Says what went wrong without the text of the error, which names addresses inside a network. */
function reasonOf(error: unknown): string {
  if (error instanceof NotAllowed) return error.message;
  const { code = '', name } = error as NodeJS.ErrnoException;
  if (name === 'HTTPParserError') return 'the answer is not HTTP';
  if (Object.hasOwn(REASONS, code)) return REASONS[code] as string;
  if (/CERT|SELF_SIGNED|ISSUER|VERIFY_LEAF|ALTNAME/.test(code)) return `the certificate is not accepted: ${code}`;
  if (/SSL|TLS|EPROTO/.test(code)) return 'a TLS connection could not be made';
  return 'the request failed';
}
