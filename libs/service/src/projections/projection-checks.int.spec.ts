import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import type { ProjectionCheck } from './check-rows.js';
import { Folders } from './folders.fixture.js';
import { CheckInProgress, type CheckStep, type ProjectionChecksOptions } from './projection-checks.js';

// Starts and kills processes, on machines of any speed.
jest.setTimeout(120_000);

const NAME = 'folders';
const MADE = 25;

let database: TestDatabase;
let folders: Folders;
let others: Folders[];
beforeAll(async () => {
  database = await createTestDatabase();
  folders = await Folders.open(database.connectionString, { create: true });
  for (let n = 0; n < MADE; n += 1) await folders.append('Made', `f${n}`);
  await folders.append('Removed', 'f0');
  await folders.close();
});
afterAll(() => database.drop());
beforeEach(async () => {
  others = [];
  folders = await Folders.open(database.connectionString);
  await folders.subscriptions.start();
  await caughtUp(await folders.store.head());
});
afterEach(async () => {
  for (const each of [...others, folders]) await each.close();
});

async function caughtUp(position: bigint): Promise<void> {
  expect(await folders.subscriptions.waitUntil(NAME, position, 60_000)).toBe(true);
}

/** Another process of the service. */
async function replica(options: Partial<ProjectionChecksOptions> = {}): Promise<Folders> {
  const made = await Folders.open(database.connectionString, options);
  others.push(made);
  return made;
}

async function latest(): Promise<ProjectionCheck> {
  const check = (await folders.checks.latest()).get(NAME);
  if (!check) throw new Error('there was no check');
  return check;
}

async function check(kind: 'rebuild' | 'verify', on = folders): Promise<ProjectionCheck> {
  await (
    await on.checks.begin(kind, NAME)
  )?.ended;
  return latest();
}

const rows = (table: string): Promise<{ name?: string }[]> =>
  folders.dataSource.query(`SELECT to_jsonb(t) - 'number' AS row FROM spec.${table} t ORDER BY 1`);
const everything = async (): Promise<unknown> => [await rows('folder'), await rows('note')];

/** One row is changed, one is missing and one should not be there; a note by hand is nothing of the projection. */
async function tamper(): Promise<void> {
  await folders.dataSource.query(`
    UPDATE spec.folder SET name = 'tampered' WHERE folder_id = 'f3';
    DELETE FROM spec.folder WHERE folder_id = 'f4';
    INSERT INTO spec.note (folder_id, n, body) VALUES ('f5', 9, '{}')`);
}
const FOUND = [
  {
    table: 'spec.folder',
    missing: 1,
    changed: 1,
    superfluous: 0,
    keys: [{ folder_id: 'f3' }, { folder_id: 'f4' }],
  },
  { table: 'spec.note', missing: 0, changed: 0, superfluous: 1, keys: [{ folder_id: 'f5', n: '9' }] },
];

const copies = (): Promise<unknown[]> =>
  folders.dataSource.query("SELECT relname FROM pg_class WHERE relpersistence = 't'");

describe('a projection built beside its rows', () => {
  it('is equal to them, and leaves nothing', async () => {
    await folders.dataSource.query("INSERT INTO spec.note VALUES ('f1', 7, '{}', true)");
    const before = await everything();
    for (const kind of ['verify', 'rebuild'] as const)
      expect(await check(kind)).toMatchObject({ kind, status: 'equal', differences: [], error: null });
    expect(await everything()).toEqual(before);
    await folders.close();
    folders = await Folders.open(database.connectionString);
    expect(await copies()).toEqual([]);
  });

  it('shows rows that were tampered with, and a rebuild mends them', async () => {
    const before = await everything();
    await tamper();
    const tampered = await everything();
    const different = jest.fn();
    const warned = jest.fn();
    const other = await replica({
      onDifferent: different,
      logger: { info: jest.fn(), warn: warned, error: jest.fn() },
    });
    expect(await check('verify', other)).toMatchObject({ status: 'different', differences: FOUND });
    expect(await everything()).toEqual(tampered);
    expect(different.mock.calls).toEqual([[NAME, 3]]);
    expect(warned.mock.calls).toEqual([
      [{ projection: 'spec.folders', check: 'verify', differences: FOUND }, expect.any(String)],
    ]);
    expect(await check('rebuild', other)).toMatchObject({ status: 'different', differences: FOUND });
    expect(await everything()).toEqual(before);
    expect(await check('verify')).toMatchObject({ status: 'equal' });
    expect(await folders.dataSource.query("SELECT FROM spec.named WHERE name = 'f4'")).toHaveLength(1);
  });

  it('has what is recorded meanwhile, and readers never see fewer rows', async () => {
    const begun = (await rows('folder')).length;
    await tamper();
    const counts: number[] = [];
    let made = 0;
    const other = await replica({
      async onStep(step) {
        counts.push((await rows('folder')).length);
        const position = await folders.append('Made', `during ${(made += 1)}`);
        // The rows stay where they are from the comparison on.
        if (step === 'fill') await caughtUp(position);
      },
    });
    expect(await check('rebuild', other)).toMatchObject({ status: 'different', differences: FOUND });
    await caughtUp(await folders.append('Made', 'afterwards'));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts[0]).toBe(begun - 1);
    expect(await rows('folder')).toHaveLength(begun + made + 1);
    expect(await check('verify')).toMatchObject({ status: 'equal' });
  });

  it('is compared at the position of rows that are behind', async () => {
    await folders.subscriptions.stop();
    const before = await everything();
    await folders.append('Made', 'later');
    await tamper();
    expect(await check('verify')).toMatchObject({ status: 'different', differences: FOUND });
    expect(await check('rebuild')).toMatchObject({ status: 'different', differences: FOUND });
    expect(await check('verify')).toMatchObject({ status: 'equal' });
    expect(await everything()).toEqual(before);
  });

  it('does not count rows that are deleted after their time', async () => {
    const retention = [
      {
        table: 'spec.folder',
        days: 1,
        sql: `DELETE FROM spec.folder WHERE folder_id IN (
          SELECT folder_id FROM spec.folder WHERE removed_at < now() - make_interval(days => $1) LIMIT $2)`,
      },
    ];
    const other = await replica({ retention });
    await folders.dataSource.query("DELETE FROM spec.folder WHERE folder_id = 'f0'");
    expect(await check('verify', other)).toMatchObject({ status: 'equal' });
    expect(await check('rebuild', other)).toMatchObject({ status: 'equal' });
    expect(await folders.dataSource.query("SELECT FROM spec.folder WHERE folder_id = 'f0'")).toEqual([]);
    expect(await check('rebuild')).toMatchObject({ status: 'different', differences: [{ missing: 1 }] });
  });

  it('leaves the rows alone where it fails or its process is stopped', async () => {
    await tamper();
    const tampered = await everything();
    const full = await replica({
      onStep(step) {
        if (step === 'replace') throw new Error('could not extend file: No space left on device');
      },
    });
    expect(await check('rebuild', full)).toMatchObject({
      status: 'failed',
      error: 'could not extend file: No space left on device',
      differences: [],
    });
    let stopping: Promise<void> | undefined;
    const stopped: Folders = await replica({
      onStep(step) {
        if (step === 'create') stopping = stopped.checks.onModuleDestroy();
      },
    });
    expect(await check('rebuild', stopped)).toMatchObject({ status: 'interrupted', differences: [] });
    await stopping;
    expect(await everything()).toEqual(tampered);
    expect(await check('rebuild')).toMatchObject({ status: 'different', differences: FOUND });
  });

  it('is built by one process at a time', async () => {
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const other = await replica({ onStep: (step) => (step === 'fill' ? held : undefined) });
    const first = await other.checks.begin('rebuild', NAME);
    await expect(folders.checks.begin('verify', NAME)).rejects.toThrow(CheckInProgress);
    expect(await latest()).toMatchObject({ checkId: first?.checkId, kind: 'rebuild', status: 'running' });
    go();
    await first?.ended;
    expect(await check('verify')).toMatchObject({ kind: 'verify', status: 'equal' });
  });

  it('is begun again after a kill at any step, with the rows of before or of after', async () => {
    const before = await everything();
    for (const step of ['create', 'fill', 'compare', 'replace', 'end'] as const) {
      await tamper();
      const tampered = await everything();
      await killedAt(step);
      const isReplaced = step === 'end';
      expect([step, await everything()]).toEqual([step, isReplaced ? before : tampered]);
      expect([step, (await latest()).status]).toEqual([step, isReplaced ? 'different' : 'interrupted']);
      expect([step, (await check('rebuild')).status]).toEqual([step, isReplaced ? 'equal' : 'different']);
      expect([step, await everything()]).toEqual([step, before]);
    }
  });
});

const HOOKS = join(import.meta.dirname, '../../../../tools/jest/typescript-hooks.mjs');
const KILLED = `
  import { register } from 'node:module';
  import { pathToFileURL } from 'node:url';
  register(pathToFileURL(process.env.HOOKS));
  const { Folders } = await import(pathToFileURL(process.env.FIXTURE));
  const onStep = (step) => step === process.env.STEP && process.kill(process.pid, 'SIGKILL');
  const folders = await Folders.open(process.env.DATABASE_URL, { onStep });
  await folders.checks.begin('rebuild', '${NAME}');`;

/** A process that kills itself at a step of a rebuild; returns once the database has noticed. */
async function killedAt(step: CheckStep): Promise<void> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '-e', KILLED], {
    env: {
      PATH,
      HOME,
      HOOKS,
      FIXTURE: join(import.meta.dirname, 'folders.fixture.ts'),
      STEP: step,
      DATABASE_URL: database.connectionString,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect([step, signal]).toEqual([step, 'SIGKILL']);
  await until(latest, ({ status }) => status !== 'running');
}
