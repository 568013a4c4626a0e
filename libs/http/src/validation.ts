import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { inSlices } from '@allotree/basics';
import type { FieldError } from '@allotree/contracts';
import { z } from 'zod';
import { longListsIn, validateLongLists } from './long-lists.js';
import { invalid } from './problem.js';

interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** The maximum number of invalid fields listed in one answer: one for each item of the longest list that a route takes. */
const NAMED_ERRORS = 10_000;

/**
 * Validates the parameters of a route against their schemas (`@Body({ schema })`, `@Param('p', { schema })`), and answers `VALIDATION` with
 * the fields. Nest's own pipe does not report which parameter it was.
 */
export class SchemaValidationPipe implements PipeTransform {
  async transform(value: unknown, { schema, data }: ArgumentMetadata): Promise<unknown> {
    if (schema === undefined) return value;
    const lists = longListsIn(schema, value);
    const checked =
      lists.length > 0 && schema instanceof z.ZodObject
        ? resultOf(await inSlices(validateLongLists(schema, value as Readonly<Record<string, unknown>>, lists)))
        : await schema['~standard'].validate(value);
    if (checked.issues === undefined) return checked.value;
    const parameter = typeof data === 'string' ? [data] : [];
    throw invalid(checked.issues.flatMap((issue) => fieldErrors(issue, parameter)).slice(0, NAMED_ERRORS));
  }
}

const resultOf = ({ data, error }: z.ZodSafeParseResult<unknown>) =>
  error ? { issues: error.issues as readonly Issue[] } : { issues: undefined, value: data };

/** An unknown key is an issue of the object that contains it, but an error of the field it names. */
function fieldErrors(issue: Issue, parameter: readonly string[]): FieldError[] {
  const path = [...parameter, ...(issue.path ?? [])];
  const { code, keys } = issue as Issue & { code?: string; keys?: readonly string[] };
  if (code === 'unrecognized_keys' && keys !== undefined)
    return keys.map((key) => ({ field: fieldName([...path, key]), message: 'is not known' }));
  return [{ field: fieldName(path), message: issue.message }];
}

/** `allotments[0].units.sip_number` */
function fieldName(path: NonNullable<Issue['path']>): string {
  return path
    .map((segment) => (typeof segment === 'object' ? segment.key : segment))
    .reduce<string>(
      (name, key) =>
        typeof key === 'number' ? `${name}[${key}]` : name === '' ? String(key) : `${name}.${String(key)}`,
      '',
    );
}
