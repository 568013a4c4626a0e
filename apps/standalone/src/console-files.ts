import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import fastifyStatic from '@fastify/static';
import { LINK_PATHS } from '@allotree/contracts';
import { UNGUARDED } from '@allotree/http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The built console beside this app. */
const FOLDER = resolve(import.meta.dirname, '../../console/dist');

/**
 * Addresses of pages of the console, which all get the same document; what it shows, it asks the API for. They are also in
 * `deploy/nginx/allotree.conf.template`.
 */
export const CONSOLE_PAGES = [
  '/',
  '/sign-in',
  '/account',
  '/projects',
  '/projects/*',
  '/partners',
  '/partners/*',
  '/statements',
  '/statements/*',
  '/people',
  '/roles',
  '/api-keys',
  '/mail-templates',
  '/mail-templates/*',
  '/deliveries',
  '/webhooks',
  '/webhooks/*',
  '/exports',
  '/audit',
] as const;

/**
 * Links in mails lead to these pages of the console. The group service has plain pages there for installations without a console, so they are taken before its routes.
 */
const LINK_PAGES: ReadonlySet<string> = new Set([LINK_PATHS.password, LINK_PATHS.invitation, LINK_PATHS.registration]);

const isLinkPage = ({ method, url }: FastifyRequest): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  LINK_PAGES.has(new URL(url, 'http://localhost').pathname.replace(/\/$/, ''));

/** Scripts of this address alone; styles also inline, which the component library needs. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const YEAR_SECONDS = 31_536_000;

/** Serves the console at `/`, with the API on the same address. */
export async function serveConsole(fastify: FastifyInstance, folder = FOLDER): Promise<void> {
  if (!existsSync(resolve(folder, 'index.html'))) return;
  const files = new Set(readdirSync(resolve(folder, 'console')));
  await fastify.register(fastifyStatic, { root: folder, serve: false, preCompressed: true });
  const page = (reply: FastifyReply): FastifyReply =>
    reply
      .headers({ 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' })
      .sendFile('index.html', { cacheControl: false })
      .header('cache-control', 'no-cache');
  fastify.addHook('onRequest', async (request, reply) => (isLinkPage(request) ? page(reply) : undefined));
  for (const path of CONSOLE_PAGES) fastify.get(path, UNGUARDED, (_request, reply) => page(reply));
  // A file's name changes with its content.
  fastify.get<{ Params: { file: string } }>('/console/:file', UNGUARDED, (request, reply) => {
    const { file } = request.params;
    if (!files.has(file)) return reply.callNotFound();
    return reply.sendFile(`console/${file}`, { maxAge: YEAR_SECONDS * 1_000, immutable: true });
  });
}
