import { describe, expect, it } from '@jest/globals';
import { DocumentedAnswers, type ObservedAnswer } from './documented-answers.js';

const answers = new DocumentedAnswers({
  paths: {
    '/things/{id}': {
      get: {
        responses: {
          200: {
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: {
                    name: { type: 'string', nullable: true },
                    size: { type: 'number', minimum: 0, exclusiveMinimum: true },
                  },
                  required: ['name'],
                },
              },
            },
          },
          404: {
            content: {
              'application/problem+json': {
                schema: { $ref: '#/components/schemas/Problem' },
                examples: { NOT_FOUND: { value: {} } },
              },
            },
          },
        },
      },
      delete: { responses: { 204: {} } },
    },
    '/things/new': { get: { responses: { 204: {} } } },
  },
  components: { schemas: { Problem: { type: 'object', properties: { code: { type: 'string' } } } } },
});

const json = (status: number, body: object, contentType = 'application/json; charset=utf-8') => ({
  status,
  contentType,
  text: JSON.stringify(body),
});
const difference = (method: string, path: string, answer: ObservedAnswer) => answers.difference(method, path, answer);

describe('the difference of an answer from the document', () => {
  it('is none where the document promises the answer', () => {
    expect(difference('GET', '/things/7?a=b', json(200, { name: null, size: 1 }))).toBeNull();
    expect(difference('GET', '/things/7', json(404, { code: 'NOT_FOUND' }, 'application/problem+json'))).toBeNull();
    expect(difference('DELETE', '/things/7', { status: 204, contentType: null, text: '' })).toBeNull();
    expect(difference('GET', '/things/new', { status: 204, contentType: null, text: '' })).toBeNull();
  });

  it('names another status, content type, body or code', () => {
    expect(difference('GET', '/things/7', json(401, {}))).toBe('no status 401 among 200, 404');
    expect(difference('GET', '/things/7', json(404, {}))).toBe('content type application/json with status 404');
    expect(difference('GET', '/things/7', json(200, {}))).toContain("must have required property 'name'");
    expect(difference('GET', '/things/7', json(200, { name: 'a', size: 0 }))).toContain('must be > 0');
    expect(difference('GET', '/things/7', json(404, { code: 'GONE' }, 'application/problem+json'))).toBe(
      'code GONE not among NOT_FOUND',
    );
    expect(difference('DELETE', '/things/7', json(204, {}))).toBe('a body with status 204');
  });

  it('accepts 404 and 405 of a route that the document does not list, and nothing else', () => {
    const problem = (status: number) => json(status, {}, 'application/problem+json');
    expect(difference('GET', '/elsewhere', problem(404))).toBeNull();
    expect(difference('PUT', '/things/7', problem(405))).toBeNull();
    expect(difference('PUT', '/things/7', json(200, {}))).toBe('no such route');
    expect(difference('GET', '/elsewhere', json(404, {}))).toBe('no such route');
  });
});
