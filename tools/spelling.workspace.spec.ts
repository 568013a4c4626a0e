import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

it('keeps the words of the project in lower case, sorted, each once', () => {
  const words = readFileSync(join(import.meta.dirname, 'spelling.txt'), 'utf8')
    .trimEnd()
    .split('\n');
  expect(words).toEqual([...new Set(words.map((word) => word.toLowerCase()))].sort());
});
