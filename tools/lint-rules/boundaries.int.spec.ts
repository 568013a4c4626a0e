import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');

/**
 * Lints all texts in one process with the workspace configuration, each as if it were its file; returns the rules each
 * text violates. (The API of ESLint is not used because the graph of the plugin does not run inside Jest.)
 */
const script = `
  import { ESLint } from 'eslint';
  import tseslint from 'typescript-eslint';
  const [, cases, project] = process.argv;
  // In CI the parser would otherwise take the text from the file.
  const parserOptions = { projectService: false, project, disallowAutomaticSingleRunInference: true };
  const withTypes = new ESLint({ overrideConfig: { files: ['**/*.ts'], languageOptions: { parserOptions } } });
  const withoutTypes = new ESLint({ overrideConfig: tseslint.configs.disableTypeChecked });
  const brokenRules = async ([file, text, needsTypes]) => {
    const [result] = await (needsTypes ? withTypes : withoutTypes).lintText(text, { filePath: file });
    return result.messages.map(({ ruleId }) => ruleId);
  };
  const results = [];
  for (const one of JSON.parse(cases)) results.push(await brokenRules(one));
  console.log(JSON.stringify(results));
`;

type Case = readonly [file: string, text: string, needsTypes: boolean];

const lintAll = (cases: readonly Case[], project: string): string[][] => {
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script, JSON.stringify(cases), project], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NX_DAEMON: 'false', NODE_OPTIONS: '' },
  });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout) as string[][];
};

const importing = (from: string): string => `import { thing } from '${from}';\nexport const it: unknown = thing;\n`;
const BOUNDARIES = ['@nx/enforce-module-boundaries'];

/** Those of the whole workspace would take most of the time, so they are those of one file. */
const needsTypes = (rule: string): boolean => rule.startsWith('@typescript-eslint/');

const DOMAIN = 'libs/domain/src/words.ts';
const CONTRACTS = 'libs/contracts/src/index.ts';
const SERVICE = 'apps/license-service/src/index.ts';
const STANDALONE = 'apps/standalone/src/banner.ts';

const table: readonly [what: string, file: string, text: string, broken: readonly string[]][] = [
  ['the domain imports another part', DOMAIN, importing('@allotree/basics'), BOUNDARIES],
  ['the domain imports a database client', DOMAIN, importing('pg'), BOUNDARIES],
  ['a contract imports the domain', CONTRACTS, importing('@allotree/domain'), BOUNDARIES],
  ['a contract imports the framework', CONTRACTS, importing('@nestjs/common'), BOUNDARIES],
  ['the event store knows the queue', 'libs/event-sourcing/src/index.ts', importing('bullmq'), BOUNDARIES],
  ['the bus knows the HTTP API', 'libs/bus/src/index.ts', importing('@allotree/http'), BOUNDARIES],
  ['the library of services knows the domain', 'libs/service/src/index.ts', importing('@allotree/domain'), BOUNDARIES],
  ['a service imports another service', SERVICE, importing('@allotree/group-service'), BOUNDARIES],
  ['a service imports what is for specs', SERVICE, importing('@allotree/testing'), BOUNDARIES],
  ['a part reaches into another by path', STANDALONE, importing('../../../libs/domain/src/words.js'), BOUNDARIES],
  ['the domain has a clock', DOMAIN, 'export const it = Date.now();\n', ['no-restricted-syntax']],
  ['the domain has a clock', DOMAIN, 'export const it = new Date();\n', ['no-restricted-syntax']],
  ['the domain has randomness', DOMAIN, 'export const it = Math.random();\n', ['no-restricted-syntax']],
  ['the domain reads the environment', DOMAIN, 'export const it: unknown = process.env;\n', ['no-restricted-globals']],
  ['the domain uses Node', DOMAIN, importing('node:fs'), ['no-restricted-imports']],
  [
    'a promise floats, marked with `void`',
    STANDALONE,
    'const work = (): Promise<void> => Promise.resolve();\nvoid work();\n',
    ['@typescript-eslint/no-floating-promises'],
  ],
  ['the standalone process composes the services', STANDALONE, importing('@allotree/group-service'), []],
  ['the domain computes with dates it is given', DOMAIN, 'export const it = new Date(Date.parse("2026-06-01"));\n', []],
];

describe('the lint of the workspace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'allotree-lint-'));
  let broken: string[][] = [];
  beforeAll(() => {
    const project = join(folder, 'tsconfig.json');
    writeFileSync(
      project,
      JSON.stringify({ extends: join(root, 'tsconfig.base.json'), files: [join(root, STANDALONE)] }),
    );
    const cases = table.map(([, file, text, expected]): Case => [file, text, expected.some(needsTypes)]);
    broken = lintAll(cases, project);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(table.map(([what, , , expected], index) => [what, expected, index] as const))(
    'when %s: %p',
    (_what, expected, index) => {
      expect([...new Set(broken[index])].filter((rule) => !rule.includes('no-unsafe'))).toEqual(expected);
    },
  );
});
