import { Problem } from '@allotree/http';
import type { FastifyRequest } from 'fastify';

/** Browsers say from where a request comes; a page of another origin has no part in a session here. @throws Problem `FORBIDDEN` */
export function refuseOtherSites({ headers }: FastifyRequest): void {
  const from = headers['sec-fetch-site'];
  if (from !== undefined && from !== 'same-origin' && from !== 'none')
    throw new Problem('FORBIDDEN', 'Requests for the session of a browser must come from a page of this address.');
}
