import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parserOf } from './filter-parser.mjs';

const folder = join(import.meta.dirname, '../libs/contracts/src/filters');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('the parser of filters', () => {
  it('is generated from the grammar (else: npm run grammar)', () => {
    expect(read('filter-parser.generated.ts')).toBe(parserOf(read('filter.pegjs')));
  });
});
