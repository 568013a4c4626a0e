import { describe, expect, it } from '@jest/globals';
import { DocumentedAnswers } from './documented-answers.js';

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
          404: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
        },
      },
      delete: { responses: { 204: {} } },
    },
    '/things/new': { get: { responses: { 204: {} } } },
  },
  components: { schemas: { Problem: { type: 'object', properties: { code: { enum: ['NOT_FOUND'] } } } } },
});

const json = (status: number, body: object, contentType = 'application/json; charset=utf-8') => ({
  status,
  contentType,
  text: JSON.stringify(body),
});
const check = (method: string, path: string, answer: Parameters<DocumentedAnswers['check']>[2]) => () =>
  answers.check(method, path, answer);

describe('what is answered, against the document', () => {
  it('takes what the document promises', () => {
    expect(check('GET', '/things/7?a=b', json(200, { name: null, size: 1 }))).not.toThrow();
    expect(check('GET', '/things/7', json(404, { code: 'NOT_FOUND' }, 'application/problem+json'))).not.toThrow();
    expect(check('DELETE', '/things/7', { status: 204, contentType: null, text: '' })).not.toThrow();
    expect(check('GET', '/things/new', { status: 204, contentType: null, text: '' })).not.toThrow();
  });

  it('names another status, content type, body or code', () => {
    expect(check('GET', '/things/7', json(401, {}))).toThrow('no status 401 among 200, 404');
    expect(check('GET', '/things/7', json(404, {}))).toThrow('content type application/json with status 404');
    expect(check('GET', '/things/7', json(200, {}))).toThrow("must have required property 'name'");
    expect(check('GET', '/things/7', json(200, { name: 'a', size: 0 }))).toThrow('must be > 0');
    expect(check('GET', '/things/7', json(404, { code: 'GONE' }, 'application/problem+json'))).toThrow('/code');
    expect(check('DELETE', '/things/7', json(204, {}))).toThrow('a body with status 204');
  });

  it('passes over what the document does not have', () => {
    expect(check('GET', '/elsewhere', json(404, {}))).not.toThrow();
    expect(check('PUT', '/things/7', json(404, {}))).not.toThrow();
    expect(check('GET', '/things/new', json(404, { detail: 'There is nothing at this address' }))).not.toThrow();
  });
});
