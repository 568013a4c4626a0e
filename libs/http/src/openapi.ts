import { applyDecorators, UseInterceptors } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  ApiBody,
  ApiExtension,
  ApiHeader,
  ApiOperation,
  ApiResponse,
  ApiTags,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { ordersOf, PreviewAnswer, type List, type ProblemCode } from '@allotree/contracts';
import { z } from 'zod';
import { CursorInterceptor } from './cursors.js';
import { itemFields, LIST_EXTENSION, withPartialItems } from './item-fields.js';
import { jsonSchemaOf } from './json-schema.js';
import { completeAnswers, problemResponses } from './openapi-answers.js';

interface Preview {
  readonly schema: z.ZodType;
  readonly example: unknown;
}

type Answer = NonNullable<RouteDocs['response']>;

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
  /** The list that it answers: with `?filter=`, `?orderBy=` and `?fields=`. */
  readonly list?: List;
  /** Refusals of its own: the others follow from the other declarations (openapi-answers.ts). */
  readonly problems?: readonly ProblemCode[];
  /** Takes `Idempotency-Key`. */
  readonly idempotent?: boolean;
  /** Answers with `ETag` and honours `If-Match`. */
  readonly revised?: boolean;
  /** Takes `?dryRun=true` and answers it with 200 and `PreviewAnswer`, or a preview of its own. */
  readonly dryRun?: boolean | Preview;
}

/**
 * The description of a route in the OpenAPI document; request schemas come from `@Body({ schema })` and its kind. Where the answer is a page,
 * its cursors are encrypted.
 */
export const Documented = (docs: RouteDocs): MethodDecorator =>
  applyDecorators(
    ApiTags(docs.tag),
    ApiOperation({
      summary: docs.summary,
      ...(docs.description === undefined ? {} : { description: docs.description }),
    }),
    ...(docs.body === undefined ? [] : [exampleBody(docs.body)]),
    ...(docs.response === undefined
      ? [ApiResponse({ status: 204, description: 'Done' })]
      : [answer(docs.response, docs.list)]),
    ...(isPage(docs.response?.schema) ? [UseInterceptors(CursorInterceptor)] : []),
    ...(docs.list === undefined ? [] : [UseInterceptors(itemFields(docs.list)), listExtension(docs.list)]),
    ...previewAnswers(docs),
    ...Object.entries(problemResponses(docs.problems ?? [])).map(([status, response]) =>
      ApiResponse({ status: Number(status), ...(response as object) }),
    ),
    ...(docs.idempotent === true ? [IDEMPOTENCY_HEADER] : []),
    ...(docs.revised === true ? [IF_MATCH_HEADER] : []),
  );

const listExtension = (list: List): MethodDecorator =>
  ApiExtension(LIST_EXTENSION, { id: list.id, filters: list.filters, orders: ordersOf(list) });

/** A list that ends with `nextCursor: null` on every page has no cursors. */
const isPage = (schema: z.ZodType | undefined): boolean =>
  schema instanceof z.ZodObject && 'nextCursor' in schema.shape && !(schema.shape['nextCursor'] instanceof z.ZodNull);

const IDEMPOTENCY_HEADER = ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  description: 'A caller who repeats the request with the same key within 24 hours gets the first answer again.',
});

const IF_MATCH_HEADER = ApiHeader({
  name: 'If-Match',
  required: false,
  description: 'The ETag of an earlier answer: carried out only if nothing changed since, else 412.',
});

const exampleBody = (value: unknown): MethodDecorator =>
  ApiBody({ examples: { example: { value } } } as unknown as Parameters<typeof ApiBody>[0]);

/** Schemas are converted when the document is made: for all routes, that is a tenth of a start. */
const answer = (
  { status = 200, description = 'Done', schema, example, mediaType = 'application/json' }: Answer,
  list: List | undefined,
): MethodDecorator =>
  ApiResponse({
    status,
    description,
    content: {
      [mediaType]: {
        get schema() {
          return jsonSchemaOf(list === undefined ? schema : withPartialItems(schema, list), 'output');
        },
        example,
      },
    },
  });

/** A route whose own answer is a 200, too, has one of the two. */
function previewAnswers({ response, dryRun = false }: RouteDocs): MethodDecorator[] {
  if (dryRun === false) return [];
  const { schema, example } = dryRun === true ? { schema: PreviewAnswer, example: PREVIEW_EXAMPLE } : dryRun;
  const own = response !== undefined && (response.status ?? 200) === 200 ? response : undefined;
  const examples = { dryRun: { summary: 'With ?dryRun=true', value: example } };
  return [
    ApiResponse({
      status: 200,
      description:
        own === undefined ? 'With `?dryRun=true`: what would be recorded' : 'Done; or what would be recorded',
      content: {
        'application/json':
          own === undefined
            ? {
                get schema() {
                  return jsonSchemaOf(schema, 'output');
                },
                examples,
              }
            : {
                get schema() {
                  return { anyOf: [jsonSchemaOf(own.schema, 'output'), jsonSchemaOf(schema, 'output')] };
                },
                examples: { done: { value: own.example }, ...examples },
              },
      },
    }),
  ];
}

const PREVIEW_EXAMPLE = {
  events: [{ type: 'GroupCreated', data: { groupId: 'unit-1', parentId: 'building-a', type: 'unit', name: 'Unit 1' } }],
  effects: { suspended: [], reinstated: [], released: [], clamped: [] },
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
  const document = SwaggerModule.createDocument(app, head, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
    standardSchemaConverter: (schema, { schemaType }) =>
      schema instanceof z.ZodType ? { schema: jsonSchemaOf(schema, schemaType) } : undefined,
  });
  return completeAnswers(document);
}
