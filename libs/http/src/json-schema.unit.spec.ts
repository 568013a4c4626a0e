import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { jsonSchemaOf } from './json-schema.js';

describe('patterns of the document', () => {
  it.each([
    [/^[^\p{Cc}]*$/u, String.raw`^[^\u0000-\u001f\u007f-\u009f]*$`],
    [/^[^\p{Cc}\p{Cs}]*$/u, String.raw`^[^\u0000-\u001f\u007f-\u009f]*$`],
    [/^[^\p{Cs}\0]*$/u, String.raw`^[^\u0000]*$`],
    [/^\P{Cs}*$/u, String.raw`^[\s\S]*$`],
    [/^[a-z]+$/, '^[a-z]+$'],
  ])('express %s without Unicode classes', (regex, pattern) => {
    expect(jsonSchemaOf(z.string().regex(regex), 'input')).toEqual({ type: 'string', pattern });
  });

  it('leave a field of that name alone', () => {
    const schema = jsonSchemaOf(z.object({ pattern: z.string() }), 'input');
    expect(schema).toMatchObject({ properties: { pattern: { type: 'string' } } });
  });
});
