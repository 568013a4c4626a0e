import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  failedSpecs,
  failedTests,
  flakyTests,
  skippedLine,
  totalLine,
  totalsOf,
  withSecondRun,
} from './test-totals.mjs';
import { holds, isNodeSupported, root } from './workspace.mjs';

describe('supported Node versions', () => {
  it.each([
    ['18.20.4', false],
    ['20.18.3', false],
    ['20.19.0', true],
    ['21.7.3', false],
    ['22.11.0', false],
    ['22.12.0', true],
    ['24.1.0', true],
  ])('%s: %p', (version, supported) => {
    expect(isNodeSupported(version)).toBe(supported);
  });
});

describe('the young generation', () => {
  it('has the same size wherever the system is started', () => {
    const option = '--max-semi-space-size=64';
    for (const file of [
      'package.json',
      'tools/workspace.mjs',
      'deploy/images/Dockerfile',
      'deploy/native/cluster.mjs',
      'docs/how-to/run-as-a-service.md',
      'bench/src/product.mjs',
    ])
      expect([file, /--max-semi-space-size=\d+/.exec(readFileSync(join(root, file), 'utf8'))?.[0]]).toEqual([
        file,
        option,
      ]);
  });
});

describe('the check of installed dependencies', () => {
  const lock = {
    packages: {
      '': { version: '0.1.0' },
      'libs/domain': { version: '0.1.0' },
      'node_modules/@allotree/domain': { link: true },
      'node_modules/luxon': { version: '3.7.2' },
      'node_modules/fsevents': { version: '2.3.3', optional: true },
    },
  };

  it('passes if every package of the lock file is installed in its version', () => {
    expect(holds({ packages: { 'node_modules/luxon': { version: '3.7.2' } } }, lock)).toBe(true);
  });

  it('fails if a package is missing or has another version', () => {
    expect(holds({ packages: {} }, lock)).toBe(false);
    expect(holds({ packages: { 'node_modules/luxon': { version: '3.7.1' } } }, lock)).toBe(false);
  });
});

describe('the failed tests at the end of a run', () => {
  it('are named with the first lines of their messages, files that could not be loaded included', () => {
    const escape = String.fromCharCode(27);
    const report = {
      testResults: [
        {
          name: '/clone/libs/a.unit.spec.ts',
          status: 'failed',
          message: '',
          assertionResults: [
            { fullName: 'a works', status: 'passed', failureMessages: [] },
            {
              fullName: 'a breaks',
              status: 'failed',
              failureMessages: [`Expected ${escape}[31m1${escape}[39m\n\nReceived 2`],
            },
          ],
        },
        { name: '/clone/libs/b.unit.spec.ts', status: 'failed', message: 'cannot be loaded', assertionResults: [] },
      ],
    };
    expect(failedTests(report, '/clone')).toEqual([
      'FAILED libs/a.unit.spec.ts > a breaks\n  Expected 1\n  Received 2',
      'FAILED libs/b.unit.spec.ts > (the file)\n  cannot be loaded',
    ]);
    expect(failedTests(null, '/clone')).toEqual([]);
  });
});

/** A spec in a report of Jest, with the outcome of each of its tests. */
function spec(name: string, ...statuses: string[]) {
  const assertionResults = statuses.map((status, index) => ({
    fullName: `test ${index + 1}`,
    status,
    ancestorTitles: [],
    failureMessages: status === 'failed' ? ['Expected 1'] : [],
  }));
  const isFailed = statuses.length === 0 || statuses.includes('failed');
  return { name: `/clone/${name}`, status: isFailed ? 'failed' : 'passed', message: 'it broke', assertionResults };
}

describe('the last line of a test run', () => {
  it('adds up passed, failed and skipped tests', () => {
    const report = { testResults: [spec('a', 'passed', 'failed', 'pending'), spec('b', 'passed', 'todo')] };
    expect(totalLine(totalsOf(report))).toBe('2 passed, 1 failed, 2 skipped');
  });

  it('counts a spec that could not start as a failure', () => {
    const report = { testResults: [spec('a'), spec('b', 'passed'), spec('c')] };
    expect(totalsOf(report)).toEqual({ passed: 1, failed: 2, skipped: 0 });
  });

  it('counts nothing when there is no report', () => {
    expect(totalLine(totalsOf(null))).toBe('0 passed, 0 failed, 0 skipped');
  });
});

describe('specs that failed and ran again', () => {
  const report = { testResults: [spec('a', 'passed'), spec('b', 'failed', 'passed'), spec('c'), spec('d', 'failed')] };
  const second = { testResults: [spec('b', 'passed', 'passed'), spec('c', 'passed'), spec('d', 'failed')] };

  it('are those that failed, also outside of a test', () => {
    expect(failedSpecs(report)).toEqual(['/clone/b', '/clone/c', '/clone/d']);
  });

  it('count as in their second run', () => {
    const both = withSecondRun(report, second);
    expect(totalsOf(both)).toEqual({ passed: 4, failed: 1, skipped: 0 });
    expect(failedTests(both, '/clone')).toEqual(['FAILED d > test 1\n  Expected 1']);
  });

  it('still count as failed where there is no second report, or it lacks them', () => {
    for (const without of [null, { testResults: [] }])
      expect(totalsOf(withSecondRun(report, without))).toEqual(totalsOf(report));
  });

  it('are listed with the failures of their first run where they passed in the second', () => {
    expect(flakyTests(report, second, '/clone')).toEqual([
      'FLAKY b > test 1\n  Expected 1',
      'FLAKY c > (the file)\n  it broke',
    ]);
    expect(flakyTests(report, null, '/clone')).toEqual([]);
  });
});

describe('the line about skipped tests', () => {
  const skipped = (...ancestorTitles: string[]) => ({ status: 'pending', ancestorTitles });
  const missing = 'redis-server is missing. On Debian: apt-get install redis-server';
  const reportOf = (...assertionResults: object[]) => ({ testResults: [{ assertionResults }] });

  it('names each reason once, with what to install', () => {
    const report = reportOf(
      { status: 'passed', ancestorTitles: [] },
      skipped(`skipped: ${missing}`),
      skipped(`a server of a recipe (skipped: ${missing})`, 'when it is killed'),
    );
    expect(skippedLine(report)).toBe(`2 skipped: ${missing}`);
  });

  it('counts tests excluded by a name pattern', () => {
    expect(skippedLine(reportOf(skipped('a store')))).toBe('1 skipped: 1 were not selected');
  });

  it('is omitted if nothing was skipped', () => {
    expect(skippedLine(reportOf({ status: 'passed', ancestorTitles: [] }))).toBeNull();
    expect(skippedLine(null)).toBeNull();
  });
});
