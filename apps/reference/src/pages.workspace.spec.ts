import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { referencePages } from './pages.js';

const root = resolve(import.meta.dirname, '../../..');

describe('the pages made from the code', () => {
  it.each([...referencePages()])('%s matches the code (else: npm run docs)', (path, text) => {
    expect(readFileSync(resolve(root, path), 'utf8')).toBe(text);
  });
});
