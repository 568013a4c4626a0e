import createClient from 'openapi-fetch';
import { accessToken, renewed } from './session.js';
import type { paths } from './schema.generated.js';

/** Problem details as the API answers them (RFC 9457), with the facts of their code. */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly [fact: string]: unknown;
}

/** A refused request. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.name = 'Refused';
  }
}

/** Whether something does not exist, or not for this person. */
export const isNotFound = (error: unknown): boolean => error instanceof Refused && error.problem.code === 'NOT_FOUND';

const withToken = (request: Request, token: string | null): Request => {
  if (token !== null) request.headers.set('authorization', `Bearer ${token}`);
  return request;
};

async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone();
  const token = await accessToken();
  const answer = await fetch(withToken(request, token));
  if (answer.status !== 401 || token === null) return answer;
  const next = await renewed();
  return next === null || next === token ? answer : fetch(withToken(again, next));
}

/** The API of this address; its types are generated from the OpenAPI document. */
export const api = createClient<paths>({ baseUrl: '/', fetch: authorizedFetch });

/** Whether another member of a union has everything that this one has, and more. */
type IsPart<Member, Union> = true extends (
  Union extends unknown ? ([Union] extends [Member] ? ([Member] extends [Union] ? false : true) : false) : never
)
  ? true
  : false;
/** Of items that are whole or parts of such, the whole ones. */
type WholeItem<Item, Union = Item> = Item extends unknown ? (IsPart<Item, Union> extends true ? never : Item) : never;
/** Lists answer a part of each item with `?fields=`, which the console does not use. */
type Whole<Body> = Body extends { items: readonly (infer Item)[] }
  ? Omit<Body, 'items'> & { items: WholeItem<Item>[] }
  : Body;

type Get = { [Path in keyof paths]: paths[Path] extends { get: infer Operation } ? Operation : never };
type JsonOf<Answer> = Answer extends { content: { 'application/json': infer Body } } ? Body : never;

/** The body of the answer to `GET` of this path. */
export type AnswerOf<Path extends keyof paths> = Get[Path] extends { responses: { 200: infer Answer } }
  ? Whole<JsonOf<Answer>>
  : never;
export type ItemOf<Path extends keyof paths> = AnswerOf<Path> extends { items: readonly (infer Item)[] } ? Item : never;

interface Outcome<Body> {
  readonly data?: Body;
  readonly error?: unknown;
  readonly response: Response;
}

const UNREADABLE = { code: 'INTERNAL', title: 'Internal server error', detail: '' };

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;

/**
 * The body of a successful answer.
 * @throws Refused
 */
export async function must<Body>(outcome: Promise<Outcome<Body>>): Promise<Whole<Body>> {
  const { data, error, response } = await outcome;
  if (response.ok) return data as Whole<Body>;
  throw new Refused(isProblem(error) ? error : { ...UNREADABLE, status: response.status });
}

/** The same with the revision of what was answered, for `If-Match`. */
export async function mustWithTag<Body>(
  outcome: Promise<Outcome<Body>>,
): Promise<{ body: Whole<Body>; etag: string | null }> {
  const settled = await outcome;
  return { body: await must(Promise.resolve(settled)), etag: settled.response.headers.get('etag') };
}
