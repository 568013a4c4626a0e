import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { builtProgram, runBuilt, workbench, type RunningSystem } from '@allotree/testing/running-system';

const MINUTE = 60_000;
const PASSWORD = 'lamp-Forest-48-quilt';
const TUTORIAL = resolve(import.meta.dirname, '../../../docs/tutorials/command-line.md');

/** Starts the system and shortens the program's name, which the spec does; or needs an API key. */
const NOT_TYPED = /^npm |^alias |^export /;

interface Block {
  /** Typed as one: commands, with the lines of a here document. */
  readonly commands: string;
  /** What the tutorial says that it shows. */
  readonly shows: string | null;
}

/** The blocks of commands of the tutorial, each with the text that follows it. */
async function blocksOf(): Promise<Block[]> {
  const fences = (await readFile(TUTORIAL, 'utf8')).matchAll(/^```(\w*)\n([^]*?)^```/gm);
  const blocks: Block[] = [];
  for (const [, language, text = ''] of fences) {
    const last = blocks.at(-1);
    if (language === 'text' && last) blocks[blocks.length - 1] = { ...last, shows: text };
    else blocks.push({ commands: text, shows: null });
  }
  return blocks.filter(({ commands }) => !NOT_TYPED.test(commands));
}

/** Commands that leave changes pending, as the tutorial says. */
const PENDING = [
  'allotree import garden.csv --project Hafenblick\n',
  /sed -i.*\nallotree plan/,
  /--apply\nallotree drift/,
] as const;
const codeOf = (commands: string): number =>
  PENDING.some((each) => (typeof each === 'string' ? commands.endsWith(each) : each.test(commands))) ? 2 : 0;

let bench: Awaited<ReturnType<typeof workbench>>;
let system: RunningSystem;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'allotree-tutorial-'));
  bench = await workbench({ isNew: true });
  system = await bench.start({ ADMIN_PASSWORD: PASSWORD });
  const demo = await runBuilt('demo', [], { DATA_DIR: bench.dataDir }).ended;
  expect(demo.code).toBe(0);
}, 3 * MINUTE);
afterAll(async () => {
  await bench.clear();
  await rm(folder, { recursive: true, force: true });
}, MINUTE);

/** Types commands in a terminal, and answers what `allotree login` asks. */
async function typed(script: string): Promise<string> {
  const file = join(folder, 'session.sh');
  await writeFile(file, script);
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: folder, TERM: 'xterm', DATA_DIR: join(folder, 'nothing'), NO_COLOR: '1' };
  const child = spawn('script', ['--quiet', '--command', `stty cols 400; bash --norc ${file}`, '/dev/null'], {
    cwd: folder,
    env,
  });
  let output = '';
  const answers = [
    { asked: 'E-mail address', answer: 'admin@allotree.local' },
    { asked: 'Password', answer: PASSWORD },
  ];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (answers[0] && output.includes(answers[0].asked)) child.stdin.write(`${answers.shift()?.answer}\r`);
  });
  await new Promise((done) => child.once('close', done));
  return stripVTControlCharacters(output).replaceAll('\r', '');
}

it(
  'the tutorial of the command line works in a terminal as it is written',
  async () => {
    const blocks = await blocksOf();
    const steps = blocks.map(({ commands }, index) => `echo "@begin ${index}"\n${commands}echo "@end ${index} $?"\n`);
    const script = `allotree() { ${process.execPath} ${builtProgram('cli')} "$@"; }\n${steps.join('')}`;
    const output = await typed(script.replaceAll('http://127.0.0.1:8080', system.url));
    for (const [index, { commands, shows }] of blocks.entries()) {
      const [, shown, code] = new RegExp(`@begin ${index}\\n([^]*?)@end ${index} (\\d+)`).exec(output) ?? [];
      expect([commands, shown, Number(code)]).toEqual([commands, shown, codeOf(commands)]);
      // The tree of `why` has dates of its own.
      if (shows !== null && !shows.includes('T22:00:00.000Z')) expect(shown).toContain(shows.trim());
    }
  },
  5 * MINUTE,
);
