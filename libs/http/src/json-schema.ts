import { z } from 'zod';

/** A zod schema in the dialect of OpenAPI 3.0. Checks in code, which JSON Schema cannot express, are left out. */
export const jsonSchemaOf = (schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io,
    unrepresentable: 'any',
    reused: 'inline',
  });
  return JSON.parse(JSON.stringify(rest), (key, value: unknown) =>
    key === 'pattern' && typeof value === 'string' ? portable(value) : value,
  ) as Record<string, unknown>;
};

/**
 * A pattern without Unicode property classes, which many tools cannot read. Control characters are listed one by one; lone surrogates
 * cannot occur in UTF-8 JSON.
 */
const portable = (pattern: string): string =>
  pattern
    .replaceAll(String.raw`\P{Cs}`, String.raw`[\s\S]`)
    .replaceAll(String.raw`\p{Cs}`, '')
    .replaceAll(String.raw`\p{Cc}`, String.raw`\u0000-\u001f\u007f-\u009f`)
    .replaceAll(String.raw`\0]`, String.raw`\u0000]`);
