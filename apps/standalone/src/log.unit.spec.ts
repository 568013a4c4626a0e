import { describe, expect, it } from '@jest/globals';
import { terminalLine } from './log.js';

describe('a log line on the terminal', () => {
  it('says what happened and why, in one line', () => {
    const json =
      '{"level":"warn","time":"2026-06-01T00:00:00Z","msg":"a connection was lost","err":{"message":"reset","stack":"..."}}\n';
    expect(terminalLine(json)).toBe('warn: a connection was lost (reset)\n');
  });

  it('needs no error', () => {
    expect(terminalLine('{"level":"error","msg":"a subscription stands still"}\n')).toBe(
      'error: a subscription stands still\n',
    );
  });
});
