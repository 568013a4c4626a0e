import type { FieldError } from '@allotree/contracts';
import type { FastifyBodyParser, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { invalid, Problem } from './problem.js';
import { problemOf, sendProblem } from './problem.filter.js';

/** Control characters that no text needs: all except tab, line feed and carriage return. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/u;
const LONE_SURROGATE = /\p{Cs}/u;
/** A JSON body in UTF-8 without any of these contains acceptable text only; with one it may. */
const SUSPECT = /[\u007f-\u009f]|\\[bf]|\\u(?:00[01][0-9a-f]|007f|00[89][0-9a-f]|d[89a-f])/iu;
/** Requests whose bodies cannot contain unacceptable text. */
const clean = new WeakSet<FastifyRequest>();

/** The headers a route reads besides those of this library. */
const USED_HEADERS = ['idempotency-key', 'if-match'] as const;

interface Place {
  readonly value: unknown;
  readonly field: string;
}

/** Why a text could not be stored or displayed completely; `null`: it can. */
function faultOf(text: string): string | null {
  if (CONTROL.test(text)) return 'must not contain control characters';
  return LONE_SURROGATE.test(text) ? 'must be well-formed Unicode' : null;
}

const memberName = (field: string, key: string): string => (field === '' ? key : `${field}.${key}`);

function partsOf({ value, field }: Place): Place[] {
  if (Array.isArray(value))
    return (value as unknown[]).map((item, index) => ({ value: item, field: `${field}[${index}]` }));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Record<string, unknown>).map(([key, item]) => ({
    value: item,
    field: memberName(field, key),
  }));
}

function keyFault({ value, field }: Place): FieldError | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const bad = Object.keys(value).find((key) => faultOf(key) !== null);
  return bad === undefined ? null : { field, message: `a member's name ${faultOf(bad)}` };
}

/** The first unacceptable text within a value, at any depth. Without recursion, because the caller determines the depth. */
export function textFault(root: unknown): FieldError | null {
  if (root === undefined || root === null) return null;
  const open: Place[] = [{ value: root, field: '' }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const message = typeof place.value === 'string' ? faultOf(place.value) : null;
    const fault = message === null ? keyFault(place) : { field: place.field, message };
    if (fault !== null) return fault;
    for (const part of partsOf(place)) open.push(part);
  }
  return null;
}

/** Percent escapes of the query must be UTF-8; the parser would keep invalid ones unchanged. */
function queryFault(url: string): FieldError | null {
  const start = url.indexOf('?');
  if (start === -1) return null;
  const query = url.slice(start + 1);
  if (!query.includes('%')) return null;
  try {
    decodeURIComponent(query);
    return null;
  } catch {
    return { field: '', message: 'the query must be percent-encoded UTF-8' };
  }
}

/** The first unacceptable header that routes read. */
function headerFault({ headers }: FastifyRequest): FieldError | null {
  for (const name of USED_HEADERS) {
    const value = headers[name];
    const message = typeof value === 'string' ? faultOf(value) : null;
    if (message !== null) return { field: name, message };
  }
  return null;
}

const requestFault = (request: FastifyRequest): FieldError | null =>
  queryFault(request.url) ??
  textFault(request.params) ??
  textFault(request.query) ??
  headerFault(request) ??
  (clean.has(request) ? null : textFault(request.body));

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)"?/i;

const otherCharset = (contentType: string | undefined): string | null => {
  const charset = CHARSET.exec(contentType ?? '')?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset) ? null : charset;
};

/**
 * Bodies must be JSON in UTF-8. Routes that take another type, such as HTML forms, are registered in a scope of their own
 * (`fastify.register`) that adds the parser; everywhere else that type stays refused.
 */
function acceptJsonOnly(fastify: FastifyInstance): void {
  // It answers through the callback, although its type allows a promise, too.
  const parseJson = fastify.getDefaultJsonParser('error', 'error') as (
    ...args: Parameters<FastifyBodyParser<string>>
  ) => void;
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const charset = otherCharset(request.headers['content-type']);
    if (charset !== null) {
      done(new Problem('UNSUPPORTED_MEDIA_TYPE', `Send JSON in UTF-8 instead of the charset ${charset}`));
      return;
    }
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(body as Buffer);
    } catch {
      done(Problem.validation('', 'The body must be valid UTF-8'));
      return;
    }
    // One look at the text is cheaper than one at every member of a large body.
    if (!SUSPECT.test(text)) clean.add(request);
    parseJson(request, text, done);
  });
}

/**
 * Refuses requests whose text cannot be stored or displayed: bodies that are not JSON in UTF-8 (415, 400), and control characters and lone
 * surrogates in the path, the query, the headers that routes read, or anywhere in the body (400). It runs before authentication, like the
 * check for malformed JSON.
 */
export function acceptCleanText(fastify: FastifyInstance): void {
  acceptJsonOnly(fastify);
  fastify.addHook('preValidation', (request: FastifyRequest, reply: FastifyReply, done) => {
    const fault = requestFault(request);
    if (fault === null) done();
    else sendProblem(reply, problemOf(invalid([fault])), request);
  });
}
