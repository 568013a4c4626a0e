import { Ajv, type ValidateFunction } from 'ajv';

type Json = Readonly<Record<string, unknown>>;

interface MediaType {
  readonly schema?: Json;
  readonly examples?: Readonly<Record<string, unknown>>;
}

interface Response {
  readonly content?: Readonly<Record<string, MediaType>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components?: unknown;
}

export interface ObservedAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
}

const PROBLEM = 'application/problem+json';

/** Formats narrow what is sent; of an answer only the shape is checked. */
const ajv = new Ajv({ strict: false, validateFormats: false });

/** Compiled once per process: the documents of all systems under test share most schemas. */
const validators = new Map<string, ValidateFunction>();

/** Compares the answers of an application with its OpenAPI document. */
export class DocumentedAnswers {
  private readonly patterns: readonly (readonly [RegExp, Readonly<Record<string, Operation>>])[];
  private readonly validatorOf = new Map<Json, ValidateFunction>();

  constructor(private readonly document: OpenApi) {
    // A fixed path is matched before one with parameters.
    this.patterns = Object.entries(document.paths)
      .sort(([one], [other]) => one.split('{').length - other.split('{').length)
      .map(([path, item]) => [patternOf(path), item as Readonly<Record<string, Operation>>] as const);
  }

  /**
   * The first difference of an answer from the document, or `null`. Accepts `INTERNAL` anywhere, as no document promises it,
   * and 404 or 405 for routes that the document does not list.
   */
  difference(method: string, path: string, answer: ObservedAnswer): string | null {
    if (answer.status === 500) return null;
    const pathname = path.split('?', 1)[0] ?? path;
    const operation = this.patterns.find(([pattern]) => pattern.test(pathname))?.[1][method.toLowerCase()];
    return operation === undefined ? undocumented(answer) : this.differenceFrom(operation, answer);
  }

  private differenceFrom({ responses }: Operation, { status, contentType, text }: ObservedAnswer): string | null {
    const response = responses[String(status)];
    if (response === undefined) return `no status ${status} among ${Object.keys(responses).join(', ')}`;
    const mediaType = contentType?.split(';', 1)[0] ?? null;
    if (response.content === undefined) return text === '' ? null : `a body with status ${status}`;
    const content = response.content[mediaType ?? ''];
    if (content === undefined) return `content type ${mediaType ?? 'none'} with status ${status}`;
    if (content.schema === undefined || mediaType?.endsWith('json') !== true) return null;
    const body = JSON.parse(text) as { readonly code?: string };
    const validate = this.compiled(content.schema);
    if (!validate(body)) return ajv.errorsText(validate.errors);
    return mediaType === PROBLEM ? undocumentedCode(content, body.code) : null;
  }

  private compiled(schema: Json): ValidateFunction {
    const known = this.validatorOf.get(schema);
    if (known !== undefined) return known;
    const refersToOthers = JSON.stringify(schema).includes('"$ref"');
    const whole = refersToOthers ? { ...schema, components: this.document.components } : schema;
    const key = JSON.stringify(whole);
    const validate = validators.get(key) ?? ajv.compile(plain(whole) as Json);
    validators.set(key, validate);
    this.validatorOf.set(schema, validate);
    return validate;
  }
}

/** Loaded at the first answer of each kind of system in a process. */
const documents = new Map<string, DocumentedAnswers>();

/**
 * A `fetch` that compares every answer below `/api/v1` with the OpenAPI document of the system that gave it.
 *
 * @param kind systems of one kind share a document, unless settings give one of them other routes
 * @param load the document of this very system
 * @throws Error naming the first difference from the document
 */
export function documentedFetch(kind: string, load: () => unknown): typeof fetch {
  const loaded = async (): Promise<DocumentedAnswers> => new DocumentedAnswers((await load()) as OpenApi);
  const difference = async (method: string, pathname: string, answer: ObservedAnswer): Promise<string | null> => {
    const shared = documents.get(kind);
    const found = shared?.difference(method, pathname, answer);
    if (found === null) return null;
    const own = await loaded();
    if (shared === undefined) documents.set(kind, own);
    return own.difference(method, pathname, answer);
  };
  return async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? 'GET';
    const response = await fetch(input, init);
    if (!pathname.startsWith('/api/v1/') || pathname === '/api/v1/openapi.json') return response;
    const contentType = response.headers.get('content-type');
    // Reading a clone would take twice as long.
    const body = Buffer.from(await response.arrayBuffer());
    const answer = { status: response.status, contentType, text: body.toString() };
    const found = await difference(method, pathname, answer);
    if (found !== null)
      throw new Error(`${method} ${pathname} differs from the document: ${found}; answer ${answer.text.slice(0, 500)}`);
    const { status, headers } = response;
    return new Response(body.length === 0 ? null : body, { status, headers });
  };
}

/** Loads the OpenAPI document of a system that runs in another process. */
export const publishedDocument = (url: string) => async (): Promise<unknown> => {
  const response = await fetch(`${url}/api/v1/openapi.json`);
  if (!response.ok) throw new Error(`no OpenAPI document at ${url}: ${response.status}`);
  return response.json();
};

const undocumented = ({ status, contentType }: ObservedAnswer): string | null =>
  (status === 404 || status === 405) && contentType === PROBLEM ? null : 'no such route';

const undocumentedCode = ({ examples = {} }: MediaType, code: string | undefined): string | null =>
  code !== undefined && code in examples ? null : `code ${code} not among ${Object.keys(examples).join(', ')}`;

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll(/\{[^}]+\}/g, '[^/]+')}/?$`);

/** The differences of OpenAPI 3.0 from JSON Schema: `nullable`, and bounds that are excluded by a flag. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  const { nullable, ...schema } = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, plain(each)] as const),
  );
  excluded(schema, 'minimum', 'exclusiveMinimum');
  excluded(schema, 'maximum', 'exclusiveMaximum');
  if (nullable === undefined || typeof nullable === 'object')
    return nullable === undefined ? schema : { ...schema, nullable };
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema;
}

function excluded(schema: Record<string, unknown>, bound: string, flag: string): void {
  if (typeof schema[flag] !== 'boolean') return;
  if (schema[flag]) {
    schema[flag] = schema[bound];
    delete schema[bound];
  } else delete schema[flag];
}
