import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { PROJECT_EVENT_TYPES, projectCodec } from './codec.js';

/** One line for each stored form. Lines are added, never edited, because stored events must stay readable for good. */
const golden = readFileSync(`${import.meta.dirname}/project-events.golden.jsonl`, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { type: string; data: unknown });

describe('stored events of a project', () => {
  it.each(golden)('$type is read and written unchanged', ({ type, data }) => {
    expect(projectCodec.encode(projectCodec.decode(type, data))).toStrictEqual({ type, data });
  });

  it('has a golden line for every type', () => {
    expect([...new Set(golden.map(({ type }) => type))].sort()).toEqual([...PROJECT_EVENT_TYPES].sort());
  });

  it('refuses a type it does not know', () => {
    expect(() => projectCodec.decode('Unheard', { at: '2026-06-01T00:00:00.000Z' })).toThrow('unknown event type');
  });
});
