import type { OpenAPIObject } from '@nestjs/swagger';
import { PROBLEMS, ProblemDetails, problemType, type ProblemCode } from '@allotree/contracts';
import { PERMISSION_EXTENSION } from './permission-extension.js';
import { jsonSchemaOf } from './json-schema.js';
import { PROBLEM_CONTENT_TYPE } from './problem.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

interface Response {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly examples?: object }>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const CODES = Object.keys(PROBLEMS) as ProblemCode[];

/**
 * Adds to every route of a document what follows from its other declarations: the problems that any such route has (nobody signed
 * in, a wrong parameter, a key used again, too many requests), and that a public route wants no token.
 */
export function completeAnswers(document: OpenAPIObject): OpenAPIObject {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation === undefined) continue;
      const codes = new Set([...declaredProblems(operation), ...impliedProblems(path, operation)]);
      Object.assign(operation.responses, problemResponses(CODES.filter((code) => codes.has(code))));
      if (permissionOf(operation) === undefined) operation.security = [];
      if (method !== 'get' && !namesOf(operation).includes('dryRun'))
        operation.description = [operation.description, 'Refuses `?dryRun=true`.'].filter(Boolean).join(' ');
    }
  }
  document.components = { ...document.components, schemas: { ...document.components?.schemas, ...problemSchemas() } };
  return document;
}

/** Responses by status. Codes of one status share a response, each with an example. */
export function problemResponses(codes: readonly ProblemCode[]): Record<string, Response> {
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))];
  return Object.fromEntries(
    statuses.map((status) => [status, problemResponse(status, withStatus(status, codes))] as const),
  );
}

const problemResponse = (status: number, codes: readonly ProblemCode[]): Response => ({
  description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
  content: {
    [PROBLEM_CONTENT_TYPE]: {
      schema: { $ref: `#/components/schemas/${schemaName(status)}` },
      examples: Object.fromEntries(codes.map((code) => [code, { value: exampleProblem(code) }])),
    } as { readonly examples: object },
  },
});

const exampleProblem = (code: ProblemCode): object => ({
  type: problemType(code),
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  detail: PROBLEMS[code].title,
  instance: '/api/v1/...',
  code,
  correlationId: '7f0c2f6e9d0b4a4e8f5d3c1b2a190807',
});

/** Absent: a public route. */
const permissionOf = (operation: Operation): unknown =>
  (operation as unknown as Record<string, unknown>)[PERMISSION_EXTENSION];

const namesOf = ({ parameters = [] }: Operation): string[] =>
  parameters.map((parameter) => ('name' in parameter ? parameter.name : ''));

const declaredProblems = ({ responses }: Operation): string[] =>
  Object.values(responses as Record<string, Response>).flatMap(({ content }) =>
    Object.keys(content?.[PROBLEM_CONTENT_TYPE]?.examples ?? {}),
  );

function impliedProblems(path: string, operation: Operation): ProblemCode[] {
  const permission = permissionOf(operation);
  const hasBody = operation.requestBody !== undefined;
  const names = namesOf(operation);
  const applies: readonly (readonly [boolean, readonly ProblemCode[]])[] = [
    [permission !== undefined, ['UNAUTHENTICATED']],
    [permission !== undefined && permission !== 'signed-in', ['FORBIDDEN']],
    [path.includes('{') || names.includes('tenantId'), ['NOT_FOUND']],
    [names.includes('Idempotency-Key'), ['IDEMPOTENCY_KEY_IN_USE', 'IDEMPOTENCY_KEY_REUSED']],
    [names.includes('If-Match'), ['STALE_REVISION']],
    [hasBody, ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']],
    // Unknown query parameters are refused everywhere.
    [true, ['VALIDATION', 'RATE_LIMITED', 'OVERLOADED', 'UNAVAILABLE']],
  ];
  return applies.flatMap(([does, codes]) => (does ? codes : []));
}

const schemaName = (status: number): string => `Problem${status}`;

const withStatus = (status: number, codes: readonly ProblemCode[]): ProblemCode[] =>
  codes.filter((code) => PROBLEMS[code].status === status);

/** A schema for each status: the problem details with the codes that it goes with. */
function problemSchemas(): Record<string, Schema> {
  const { properties, ...details } = jsonSchemaOf(ProblemDetails, 'output') as { properties: object };
  const statuses = [...new Set(CODES.map((code) => PROBLEMS[code].status))].sort((one, other) => one - other);
  return Object.fromEntries(
    statuses.map((status) => {
      const code = { type: 'string', enum: withStatus(status, CODES) };
      return [
        schemaName(status),
        { ...details, properties: { ...properties, status: { type: 'integer', enum: [status] }, code } },
      ];
    }),
  );
}
