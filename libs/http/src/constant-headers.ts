import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/**
 * The headers that every answer carries: a browser may run, frame and embed nothing of it, and stores no answer. They are the same for every
 * request, so they are computed once. A route that needs another value sets it itself.
 */
export const CONSTANT_HEADERS: Readonly<Record<string, string>> = {
  ...securityHeaders(),
  'cache-control': 'no-store',
};

/** What helmet sets on a response. */
function securityHeaders(): Record<string, string> {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const directives = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };
  helmet({ contentSecurityPolicy: { useDefaults: false, directives } })(response.req, response, (error) => {
    if (error !== undefined) throw error as Error;
  });
  return Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]));
}
