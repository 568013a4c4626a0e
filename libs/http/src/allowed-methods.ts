import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from './caller.js';
import { Problem } from './problem.js';
import { sendProblem } from './problem.filter.js';

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

const patternOf = (url: string): RegExp => {
  const segments = url
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '[^/]+' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${segments.join('/')}/?$`);
};

/** Answers 405 with `Allow` where the path exists for other methods (RFC 9110, 15.5.6). Call it before the routes are registered. */
export function refuseOtherMethods(fastify: FastifyInstance): void {
  const paths = new Map<string, KnownPath>();
  fastify.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const known = paths.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const one of [method].flat()) known.methods.add(one);
    paths.set(url, known);
  });
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    const allowed = request.is404 ? methodsOf(paths.values(), pathOf(request)) : [];
    if (allowed.length === 0) {
      done();
      return;
    }
    void reply.header('allow', allowed.join(', '));
    const detail = `${request.method} is not allowed here; use ${allowed.join(', ')}`;
    sendProblem(reply, new Problem('METHOD_NOT_ALLOWED', detail), request);
  });
}

const methodsOf = (paths: Iterable<KnownPath>, path: string): string[] =>
  [...new Set([...paths].filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => [...methods]))].sort();
