import { applyDecorators } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  ApiBody,
  ApiHeader,
  ApiOperation,
  ApiResponse,
  ApiTags,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { PreviewAnswer, PROBLEMS, ProblemDetails, problemType, type ProblemCode } from '@allotree/contracts';
import { z } from 'zod';
import { PROBLEM_CONTENT_TYPE } from './problem.filter.js';

export interface RouteDocs {
  readonly tag: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** An example of the request body. */
  readonly body?: unknown;
  /** Left out for 204. */
  readonly response?: {
    readonly status?: number;
    readonly description?: string;
    readonly schema: z.ZodType;
    readonly example: unknown;
    /** `application/json` where none is named. */
    readonly mediaType?: string;
  };
  readonly problems?: readonly ProblemCode[];
  /** Takes `Idempotency-Key`. */
  readonly idempotent?: boolean;
  /** Answers with `ETag` and honours `If-Match`. */
  readonly revised?: boolean;
  /** Takes `?dryRun=true` and answers it with `PreviewAnswer`, 200. */
  readonly dryRun?: boolean;
}

/** What the OpenAPI document says of a route. Request schemas come from `@Body({ schema })` and its kind. */
export const Documented = (docs: RouteDocs): MethodDecorator =>
  applyDecorators(
    ApiTags(docs.tag),
    ApiOperation({
      summary: docs.summary,
      ...(docs.description === undefined ? {} : { description: docs.description }),
    }),
    ...(docs.body === undefined ? [] : [exampleBody(docs.body)]),
    ...(docs.response === undefined ? [ApiResponse({ status: 204, description: 'Done' })] : [answer(docs.response)]),
    ...(docs.dryRun === true ? [previewAnswer(docs)] : []),
    ...problemAnswers(docs.problems ?? []),
    ...(docs.idempotent === true ? [IDEMPOTENCY_HEADER] : []),
    ...(docs.revised === true ? [IF_MATCH_HEADER] : []),
  );

const IDEMPOTENCY_HEADER = ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  description: 'Whoever repeats the request with the same key within 24 hours gets the first answer again.',
});

const IF_MATCH_HEADER = ApiHeader({
  name: 'If-Match',
  required: false,
  description: 'The ETag of an earlier answer: carried out only if nothing changed since, else 412.',
});

const exampleBody = (value: unknown): MethodDecorator =>
  ApiBody({ examples: { example: { value } } } as unknown as Parameters<typeof ApiBody>[0]);

const answer = ({
  status = 200,
  description = 'Done',
  schema,
  example,
  mediaType = 'application/json',
}: NonNullable<RouteDocs['response']>): MethodDecorator =>
  ApiResponse({
    status,
    description,
    content: { [mediaType]: { schema: jsonSchemaOf(schema, 'output'), example } },
  });

/** A route whose own answer is a 200, too, has one of the two. */
function previewAnswer({ response }: RouteDocs): MethodDecorator {
  const preview = jsonSchemaOf(PreviewAnswer, 'output');
  const own = response !== undefined && (response.status ?? 200) === 200 ? response : undefined;
  const examples = { dryRun: { summary: 'With ?dryRun=true', value: PREVIEW_EXAMPLE } };
  return ApiResponse({
    status: 200,
    description: own === undefined ? 'With `?dryRun=true`: what would be recorded' : 'Done; or what would be recorded',
    content: {
      'application/json':
        own === undefined
          ? { schema: preview, examples }
          : {
              schema: { oneOf: [jsonSchemaOf(own.schema, 'output'), preview] },
              examples: { done: { value: own.example }, ...examples },
            },
    },
  });
}

const PREVIEW_EXAMPLE = {
  events: [{ type: 'GroupCreated', data: { groupId: 'unit-1', parentId: 'building-a', type: 'unit', name: 'Unit 1' } }],
  effects: { suspended: [], reinstated: [], released: [], clamped: [] },
};

/** Codes of one status share a response, each with an example. */
function problemAnswers(codes: readonly ProblemCode[]): MethodDecorator[] {
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))];
  return statuses.map((status) => {
    const group = codes.filter((code) => PROBLEMS[code].status === status);
    return ApiResponse({
      status,
      description: group.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
      content: {
        [PROBLEM_CONTENT_TYPE]: {
          schema: jsonSchemaOf(ProblemDetails, 'output'),
          examples: Object.fromEntries(group.map((code) => [code, { value: exampleProblem(code) }])),
        },
      },
    });
  });
}

const exampleProblem = (code: ProblemCode): object => ({
  type: problemType(code),
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  detail: PROBLEMS[code].title,
  instance: '/api/v1/...',
  code,
  correlationId: '7f0c2f6e9d0b4a4e8f5d3c1b2a190807',
});

/** A zod schema in the dialect of OpenAPI 3.0. What JSON Schema cannot say (a check in code) is left open. */
const jsonSchemaOf = (schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io,
    unrepresentable: 'any',
    reused: 'inline',
  });
  return rest;
};

/** The OpenAPI document of an application: every route of every service in it. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const head = new DocumentBuilder()
    .setTitle('Allotree')
    .setDescription('Licenses of intercom and access-control clouds, allotted down a tree of groups.')
    .setVersion('1')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  return SwaggerModule.createDocument(app, head, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
    standardSchemaConverter: (schema, { schemaType }) =>
      schema instanceof z.ZodType ? { schema: jsonSchemaOf(schema, schemaType) } : undefined,
  });
}
