/**
 * `npm run coverage`: runs the unit specs of the libraries that decide, and prints how much of their code these specs execute.
 * It fails when a spec fails or when a library was not measured; no threshold is set.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesBelow } from './files-below.mjs';
import { compile } from './jest/compile.mjs';
import { root } from './workspace.mjs';

const LIBRARIES = ['libs/domain', 'libs/event-sourcing'];
const HELPERS = ['**/*.spec.ts', '**/*.fixture.ts', '**/*.harness.ts'];

const bin = (name) => join(root, 'node_modules/.bin', name);

function runQuietly(command, args, environment = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1e9,
    env: { ...process.env, ...environment },
  });
  if (status === 0) return;
  console.error(stdout, stderr);
  throw new Error(`${command} ended with status ${status}`);
}

/** Types and lists of exports leave no code to execute. */
const IS_EMPTY =
  /^(\s|\/\/.*|\/\*[^]*?\*\/|(import|export) (\{[^}]*\}|\*( as \w+)?)( from '[^']*')?;|import '[^']*';)*$/;
const filesWithoutCode = () =>
  LIBRARIES.flatMap((library) =>
    filesBelow(root, `${library}/src`)
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => IS_EMPTY.test(compile(join(root, file)))),
  );

/** Of all files of a library, those included that no spec loads. */
function figuresOf(library, summary) {
  const files = Object.entries(summary).filter(([file]) => file.startsWith(join(root, library, 'src/')));
  const share = (what) => {
    const [covered, total] = ['covered', 'total'].map((key) => files.reduce((sum, [, f]) => sum + f[what][key], 0));
    if (covered === 0) throw new Error(`no ${what} of ${library} were measured`);
    return ((100 * covered) / total).toFixed(1);
  };
  return `coverage of ${library} by its unit specs: ${share('lines')} % of lines, ${share('branches')} % of branches`;
}

const folder = mkdtempSync(join(tmpdir(), 'allotree-coverage-'));
try {
  const measured = join(folder, 'measured');
  const specs = `(${LIBRARIES.join('|')})/`;
  // In one process: Jest kills a worker that is still writing what it measured.
  runQuietly(bin('jest'), ['--selectProjects', 'unit', '--runInBand', '--testPathPatterns', specs], {
    NODE_V8_COVERAGE: measured,
  });
  const included = LIBRARIES.flatMap((library) => ['--include', `${library}/src/**`]);
  const excluded = [...HELPERS, ...filesWithoutCode()].flatMap((pattern) => ['--exclude', pattern]);
  runQuietly(bin('c8'), [
    'report',
    '--all',
    ...['--extension', '.ts', '--reporter', 'json-summary'],
    ...['--temp-directory', measured, '--reports-dir', folder],
    ...included,
    ...excluded,
  ]);
  const summary = JSON.parse(readFileSync(join(folder, 'coverage-summary.json'), 'utf8'));
  for (const library of LIBRARIES) console.log(figuresOf(library, summary));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
