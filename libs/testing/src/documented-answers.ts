import { Ajv, type ValidateFunction } from 'ajv';

type Json = Readonly<Record<string, unknown>>;

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema?: Json }>>;
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

/** Formats narrow what is sent; of what is answered only the shape is looked at. */
const ajv = new Ajv({ strict: false, validateFormats: false });

/** Holds the answers of an application against its OpenAPI document. */
export class DocumentedAnswers {
  private readonly patterns: readonly (readonly [RegExp, Readonly<Record<string, Operation>>])[];
  private readonly validators = new Map<Json, ValidateFunction>();

  constructor(private readonly document: OpenApi) {
    // A fixed address goes before one with parameters.
    this.patterns = Object.entries(document.paths)
      .sort(([one], [other]) => one.split('{').length - other.split('{').length)
      .map(([path, item]) => [patternOf(path), item as Readonly<Record<string, Operation>>] as const);
  }

  /**
   * Passed over are routes that the document or this application does not have, and `INTERNAL`, which no document promises.
   *
   * @throws what the document says otherwise
   */
  check(method: string, path: string, answer: ObservedAnswer): void {
    const pathname = path.split('?', 1)[0] ?? path;
    const operation = this.patterns.find(([pattern]) => pattern.test(pathname))?.[1][method.toLowerCase()];
    if (operation === undefined || answer.status === 500 || hasNoRoute(answer)) return;
    const wrong = this.difference(operation, answer);
    if (wrong !== null)
      throw new Error(`${method} ${path} is not as documented: ${wrong}; answered ${answer.text.slice(0, 500)}`);
  }

  private difference({ responses }: Operation, { status, contentType, text }: ObservedAnswer): string | null {
    const response = responses[String(status)];
    if (response === undefined) return `no status ${status} among ${Object.keys(responses).join(', ')}`;
    const mediaType = contentType?.split(';', 1)[0] ?? null;
    if (response.content === undefined) return text === '' ? null : `a body with status ${status}`;
    const content = response.content[mediaType ?? ''];
    if (content === undefined) return `content type ${mediaType ?? 'none'} with status ${status}`;
    if (content.schema === undefined || mediaType?.endsWith('json') !== true) return null;
    const validate = this.validatorOf(content.schema);
    return validate(JSON.parse(text)) ? null : ajv.errorsText(validate.errors);
  }

  private validatorOf(schema: Json): ValidateFunction {
    const known = this.validators.get(schema);
    if (known !== undefined) return known;
    const { components } = this.document;
    const validate = ajv.compile(plain({ ...schema, components }) as Json);
    this.validators.set(schema, validate);
    return validate;
  }
}

/** Applications of one kind can lack a route: there is no outbox where mails go out. */
const hasNoRoute = ({ status, text }: ObservedAnswer): boolean =>
  status === 404 && text.includes('"There is nothing at this address"');

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll(/\{[^}]+\}/g, '[^/]+')}/?$`);

/** What OpenAPI 3.0 says otherwise than JSON Schema: `nullable`, and bounds that are excluded by a flag. */
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
