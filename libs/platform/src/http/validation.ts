import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { FieldError } from '@allotree/contracts';
import { invalid } from './problem.js';

interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** At most so many wrong fields are named in one answer. */
const NAMED_ERRORS = 100;

/** Checks what a route takes against the schema it names (`@Body({ schema })`), and answers `VALIDATION` with the fields. */
export const createValidationPipe = (): StandardSchemaValidationPipe =>
  new StandardSchemaValidationPipe({
    exceptionFactory: (issues: readonly Issue[]) => invalid(issues.flatMap(fieldErrors).slice(0, NAMED_ERRORS)),
  });

/** An unknown key is an issue of the object that has it, but an error of the field it names. */
function fieldErrors(issue: Issue): FieldError[] {
  const path = issue.path ?? [];
  const keys = (issue as Issue & { code?: string; keys?: string[] }).keys;
  if (keys !== undefined && (issue as { code?: string }).code === 'unrecognized_keys') {
    return keys.map((key) => ({ field: fieldName([...path, key]), message: 'is not known' }));
  }
  return [{ field: fieldName(path), message: issue.message }];
}

/** `allotments[0].units.sip_number` */
function fieldName(path: NonNullable<Issue['path']>): string {
  return path
    .map((segment) => (typeof segment === 'object' ? segment.key : segment))
    .reduce<string>((name, key) => (typeof key === 'number' ? `${name}[${key}]` : name === '' ? String(key) : `${name}.${String(key)}`), '');
}
