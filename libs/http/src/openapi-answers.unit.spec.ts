import { describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { completeAnswers, problemResponses } from './openapi-answers.js';

const parameter = (name: string, where: 'path' | 'query' | 'header') => ({ name, in: where, schema: {} });
const document = completeAnswers({
  openapi: '3.0.0',
  info: { title: 'Things', version: '1' },
  paths: {
    '/things': {
      get: { responses: { 200: { description: 'Done' } }, 'x-permission': 'signed-in' },
      post: {
        parameters: [parameter('Idempotency-Key', 'header'), parameter('If-Match', 'header')],
        requestBody: { content: {} },
        responses: { 201: { description: 'Done' }, ...problemResponses(['NAME_TAKEN']) },
        'x-permission': 'groups:manage',
      },
    },
    '/open/{id}': { get: { parameters: [parameter('id', 'path')], responses: { 200: { description: 'Done' } } } },
  },
} as unknown as OpenAPIObject);

const operation = (path: string, method: 'get' | 'post') => {
  const found = document.paths[path]?.[method];
  if (found === undefined) throw new Error(`no ${method} ${path}`);
  return found;
};
const codes = (path: string, method: 'get' | 'post', status: number) =>
  Object.keys(
    (operation(path, method).responses[status] as { content: Record<string, { examples: object }> }).content[
      'application/problem+json'
    ]?.examples ?? {},
  );

describe('the document of a route', () => {
  it('names every problem that follows from its declarations', () => {
    expect(Object.keys(operation('/things', 'post').responses)).toEqual([
      '201',
      '400',
      '401',
      '403',
      '409',
      '412',
      '413',
      '415',
      '422',
      '429',
      '503',
    ]);
    expect(codes('/things', 'post', 409)).toEqual(['NAME_TAKEN', 'IDEMPOTENCY_KEY_IN_USE']);
    expect(Object.keys(operation('/things', 'get').responses)).toEqual(['200', '400', '401', '429', '503']);
    expect(Object.keys(operation('/open/{id}', 'get').responses)).toEqual(['200', '400', '404', '429', '503']);
  });

  it('says where a dry run is refused', () => {
    expect(operation('/things', 'post').description).toBe('Refuses `?dryRun=true`.');
    expect(operation('/things', 'get').description).toBeUndefined();
  });

  it('wants a token where the route does, and only there', () => {
    expect(operation('/open/{id}', 'get').security).toEqual([]);
    expect(operation('/things', 'get').security).toBeUndefined();
  });

  it('says which codes go with a status', () => {
    expect(document.components?.schemas?.['Problem412']).toMatchObject({
      properties: { status: { enum: [412] }, code: { enum: ['STALE_REVISION'] } },
    });
  });
});
