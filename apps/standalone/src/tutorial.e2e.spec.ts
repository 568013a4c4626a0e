import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { workbench } from '@allotree/testing/running-system';

jest.setTimeout(180_000);

const PASSWORD = 'the password of the tutorial';
const tutorial = readFileSync(resolve(import.meta.dirname, '../../../docs/tutorials/first-project.md'), 'utf8');
const blocks = [...tutorial.matchAll(/```(bash|json)\n([^]*?)```/g)].map(([, language, text]) => ({
  language: language!,
  text: text!,
}));
const BORDER = '=== end of a block ===';

/** The values of a block of JSON, its `"..."` standing for any text. */
const anyText = (value: unknown): unknown => {
  if (value === '...') return expect.any(String);
  if (Array.isArray(value)) return value.map(anyText);
  if (typeof value !== 'object' || value === null) return value;
  return expect.objectContaining(Object.fromEntries(Object.entries(value).map(([key, each]) => [key, anyText(each)])));
};

describe('the tutorial, typed as it is written', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  /** What each block of commands printed, in the order of all blocks; empty for blocks of JSON. */
  let printed: readonly string[];

  beforeAll(async () => {
    bench = await workbench({ isNew: true });
    const { url } = await bench.start({ ADMIN_PASSWORD: PASSWORD });
    const script = blocks
      .map(({ language, text }) => `${language === 'bash' ? text : ''}\necho '${BORDER}'`)
      .join('\n')
      .replace('http://127.0.0.1:8080', url)
      .replace('<the password>', PASSWORD);
    const { stdout } = await promisify(execFile)('bash', ['-uo', 'pipefail', '-c', script], { maxBuffer: 10_000_000 });
    printed = stdout.split(`${BORDER}\n`);
  });
  afterAll(() => bench.clear());

  const shown = blocks.flatMap(({ language, text }, index) => (language === 'json' ? [[index, text] as const] : []));

  it('has answers to compare', () => {
    expect(shown.length).toBeGreaterThanOrEqual(2);
  });

  it.each(shown)('answers at block %d what it shows', (index, text) => {
    const last = printed[index - 1]!.trim().split('\n').at(-1)!;
    expect(JSON.parse(last)).toEqual(anyText(JSON.parse(text)));
  });

  it('is refused once for each refusal it describes, and nowhere else', () => {
    const codes = [...printed.join('\n').matchAll(/"code":"(\w+)"/g)].map(([, code]) => code);
    expect(codes).toEqual(['LIMIT_EXCEEDED', 'NO_SIP_NUMBER', 'DESCENDANTS_AFFECTED']);
  });

  it('ends with the quota it describes', () => {
    const quota = printed.find((text) => text.includes('"effectiveLimit"'))!;
    const { resources } = JSON.parse(quota.trim().split('\n').at(-1)!) as {
      resources: Record<string, { consumed: number; available: number }>;
    };
    expect(resources).toMatchObject({ sip_number: { consumed: 1, available: 49 }, mobile_app: { consumed: 1 } });
  });
});
