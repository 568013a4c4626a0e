import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { UNGUARDED } from '@allotree/http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { linkPages } from './pages.js';

interface StaticFile {
  readonly path: string;
  readonly type: string;
  readonly content: string;
}

const beside = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Nothing of another origin, nothing inline; a form that the script does not send is sent nowhere. */
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

const HEADERS = {
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  // Asked for again each time, so that a page and its script are of one version.
  'cache-control': 'no-cache',
} as const;

/** The public addresses outside `/api/v1`, the same for everybody and without data; what they do, they do by the API. */
export const publicFiles = (): readonly StaticFile[] => [
  ...[...linkPages()].map(([path, content]) => ({ path, type: 'text/html; charset=utf-8', content })),
  { path: '/link-pages/page.js', type: 'text/javascript; charset=utf-8', content: beside('page.js') },
  { path: '/link-pages/page.css', type: 'text/css; charset=utf-8', content: beside('page.css') },
];

const tagOf = (content: string): string => `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;

/** A proxy that compresses makes a tag weak. */
const isKnown = (request: FastifyRequest, tag: string): boolean =>
  (request.headers['if-none-match'] ?? '').split(',').some((each) => each.trim().replace(/^W\//, '') === tag);

/** The pages that links in mails lead to. */
@Injectable()
export class LinkPages implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    for (const { path, type, content } of publicFiles()) {
      const tag = tagOf(content);
      fastify.get(path, UNGUARDED, (request, reply) => {
        void reply.headers({ ...HEADERS, etag: tag }).type(type);
        return isKnown(request, tag) ? reply.status(304).send() : reply.send(content);
      });
    }
  }
}
