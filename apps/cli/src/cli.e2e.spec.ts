import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import { untilReported } from '@allotree/api-client';
import { runBuilt, workbench, type RunningSystem } from '@allotree/testing/running-system';
import { until } from '@allotree/testing/until';
import { commandTree } from './command-tree.js';
import { examplesOf } from './command.js';
import { EXIT } from './exit-codes.js';
import { createProgram } from './program.js';
import { masking, runCli, wordsOf, type Ran } from './terminal.harness.js';

const MINUTES = 60_000;
const DAY_MS = 86_400_000;
const PASSWORD = 'lamp-Forest-48-quilt';
const GOLDEN = join(import.meta.dirname, '../golden/examples.txt');

/** Examples that sign in and out, follow forever, name a server or a file or depend on the moment: other tests run these commands. */
const NOT_HERE =
  /^source|^allotree (apply|backup|completion|doctor|drift|export|import|login|logout|plan|profile (use|remove)|webhook|events tail --cursor-file|.*<)/;

/** Rows that are ordered by random ids; how many events are on their way, and how many statements there are on the day. */
const sorted = (text: string): string => `${text.trimEnd().split('\n').sort().join('\n')}\n`;
const steady = (line: string, text: string): string => {
  if (line.startsWith('allotree history') && !line.includes('json')) return sorted(text);
  if (line.startsWith('allotree projections list')) return text.replace(/(": | )\d+(?=,| {2})/g, '$1<n>');
  return line.startsWith('allotree statements') ? sorted(text.replace(/ \d+( +-)?$/gm, ' <n>')) : text;
};

describe('allotree', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  let system: RunningSystem;
  let folder: string;
  let env: Record<string, string>;

  const allotree = (line: string, more: Record<string, string> = {}, stdin = ''): Promise<Ran> =>
    runCli(wordsOf(line), { ...env, ...more }, { stdin });

  const now = async () => Date.parse((await system.api.get<{ now: string }>('/test-clock')).now);
  const setClock = (at: number) => system.api.put('/test-clock', { now: new Date(at).toISOString() });
  /** At the same time of the day, so that a month ends soon. */
  const endOfMonth = (at: number) => {
    const date = new Date(at);
    return Math.max(at, date.setUTCDate(28));
  };

  const addMember = async () => {
    const [project] = await system.api.list<{ projectId: string }>('/projects?filter=name%3D%22Hafenblick%22');
    const groups = `/projects/${project!.projectId}/groups`;
    const [group] = await system.api.list<{ groupId: string }>(`${groups}?filter=name%3D%22Building%20A%22`);
    const member = { email: 'lea@hafenblick.example', name: 'Lea Brandt', role: 'concierge' };
    await system.api.post(`${groups}/${group!.groupId}/members`, member);
  };

  /** Until the vendor's account and the one of its dealer have a statement of the month that ended. */
  const untilIssued = () =>
    until(
      () => system.api.list('/accounts?filter=buyerKind%3D%22partner%22%20AND%20documents%3E0'),
      ({ length }) => length === 2,
    );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'allotree-cli-'));
    bench = await workbench();
    system = await bench.start({ TEST_CLOCK: '1', ADMIN_PASSWORD: PASSWORD });
    await setClock(endOfMonth(await now()));
    const demo = await runBuilt('demo', [], { DATA_DIR: bench.dataDir }).ended;
    expect([demo.code, demo.output]).toEqual([0, expect.stringContaining('refused as expected.')]);
    await addMember();
    env = { XDG_CONFIG_HOME: join(folder, 'none'), DATA_DIR: bench.dataDir };
  }, 3 * MINUTES);
  afterAll(async () => {
    await bench.clear();
    await rm(folder, { recursive: true, force: true });
  }, MINUTES);

  describe('signs in', () => {
    const fresh = (name: string) => ({ XDG_CONFIG_HOME: join(folder, name), DATA_DIR: join(folder, 'nothing') });

    it('with a password, keeps the session for its owner alone, and signs out', async () => {
      const mine = fresh('password');
      const login = `login --server ${system.url} --email admin@allotree.local --password-stdin`;
      expect(await allotree(login, mine, 'wrong-password\n')).toMatchObject({ code: EXIT.failed, stdout: '' });
      expect(await allotree('profile list --output json', mine)).toMatchObject({ stdout: '[]\n' });
      expect(await allotree(login, mine, `${PASSWORD}\n`)).toMatchObject({ code: EXIT.done, stdout: '' });
      const file = join(mine.XDG_CONFIG_HOME, 'allotree/profiles.json');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const who = await allotree('whoami --output json', mine);
      expect(JSON.parse(who.stdout)).toMatchObject({ email: 'admin@allotree.local', source: 'profile default' });

      expect((await allotree('whoami --server http://127.0.0.1:1 --profile default', mine)).stderr).toContain(
        `profile default is for ${system.url}, so its credential is not sent to http://127.0.0.1:1.`,
      );
      const kept = JSON.parse(await readFile(file, 'utf8')) as { profiles: { default: { credential: object } } };
      expect(await allotree('logout', mine)).toMatchObject({ code: EXIT.done });
      expect((await allotree('whoami', mine)).stderr).toContain('you are not signed in');
      await writeFile(file, JSON.stringify(kept));
      const renewed = { ...kept.profiles.default.credential, expiresAt: new Date(0).toISOString() };
      await writeFile(
        file,
        JSON.stringify({ ...kept, profiles: { default: { ...kept.profiles.default, credential: renewed } } }),
      );
      expect((await allotree('whoami', mine)).stderr).toContain('(UNAUTHENTICATED)');
    });

    it('renews a session that has expired, once for commands that run at the same time', async () => {
      const mine = fresh('renewed');
      await allotree(`login --server ${system.url} --email admin@allotree.local --password-stdin`, mine, PASSWORD);
      const file = join(mine.XDG_CONFIG_HOME, 'allotree/profiles.json');
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace(/"expiresAt": "[^"]*"/, `"expiresAt": "${new Date(0).toISOString()}"`));
      const all = await Promise.all([1, 2, 3].map(() => allotree('whoami', mine)));
      expect(all.map(({ code }) => code)).toEqual([EXIT.done, EXIT.done, EXIT.done]);
    });

    it('with an API key, from the environment or a profile', async () => {
      const [project] = await system.api.list<{ tenantId: string }>('/projects');
      const { keyId, secret } = await system.api.post<{ keyId: string; secret: string }>('/api-keys', {
        name: 'cli',
        permissions: ['projects:read'],
        tenantId: project!.tenantId,
      });
      const mine = fresh('key');
      const key = { ALLOTREE_API_KEY: `${keyId}:${secret}`, ALLOTREE_SERVER: system.url };
      const listed = await allotree('list projects --output json', { ...mine, ...key });
      expect((JSON.parse(listed.stdout) as object[]).length).toBe(2);
      expect(
        await allotree(`login --server ${system.url} --api-key-stdin`, mine, `${keyId}:${secret}\n`),
      ).toMatchObject({
        code: EXIT.done,
      });
      expect((await allotree('list projects', mine)).stdout).toContain('Hafenblick');
      const profiles = await allotree('profile list --output json', mine);
      expect(profiles.stdout).not.toContain(secret);
      expect(await allotree('doctor', mine)).toMatchObject({
        code: EXIT.done,
        stdout: expect.stringContaining('system:manage'),
      });
    });

    it('refuses a profile that others can read', async () => {
      const mine = fresh('open');
      await allotree(`login --server ${system.url} --email admin@allotree.local --password-stdin`, mine, PASSWORD);
      const file = join(mine.XDG_CONFIG_HOME, 'allotree/profiles.json');
      const text = await readFile(file);
      await rm(file);
      await writeFile(file, text, { mode: 0o644 });
      expect((await allotree('whoami', mine)).stderr).toContain('other users can read');
    });
  });

  it('sends nothing for a call that is wrong, and says what is wrong with it', async () => {
    const nowhere = {
      DATA_DIR: join(folder, 'nothing'),
      ALLOTREE_API_KEY: 'key:secret',
      ALLOTREE_SERVER: 'http://127.0.0.1:1',
    };
    const calls = [
      ['nothing', "unknown command 'nothing'"],
      ['list projects --limit 0', 'must be a whole number from 1 to 1000000.'],
      ['list projects --output xml', 'Allowed choices are table, json, yaml, csv.'],
      ['quota Hafenblick --at 2026-02-30', '2026-02-30 is no instant.'],
      ['why Hafenblick --resource doors', 'must be one of sip_number, mobile_app, ukey2.'],
      ['usage Hafenblick', "required option '--from <instant>' not specified"],
      ['whoami --server ftp://x', '--server must be an http or https URL'],
      ['projections rebuild no-service x', 'there is no service no-service.'],
      ['webhook verify x --id 1 --timestamp 1 --signature v1,x --key nothing', 'begins with whsec_'],
    ] as const;
    for (const [line, message] of calls)
      expect([line, await allotree(line, nowhere)]).toEqual([
        line,
        { code: EXIT.failed, stdout: '', stderr: expect.stringContaining(message) },
      ]);
  });

  it('says when nothing answers', async () => {
    const nowhere = { ALLOTREE_API_KEY: 'key:secret', ALLOTREE_SERVER: 'http://127.0.0.1:1' };
    expect(await allotree('whoami', nowhere)).toMatchObject({
      code: EXIT.failed,
      stderr: expect.stringContaining('nothing answers at http://127.0.0.1:1'),
    });
  });

  it('receives webhooks that the key of the endpoint signed, and no others', async () => {
    const secret = randomBytes(32);
    const key = { ALLOTREE_WEBHOOK_KEY: `whsec_${secret.toString('base64')}` };
    let heard = (_url: string): void => undefined;
    const listening = new Promise<string>((resolve) => (heard = resolve));
    const onStderr = (text: string): void => {
      const [url] = /http:\S+/.exec(text) ?? [];
      if (url !== undefined) heard(url);
    };
    const ran = runCli(wordsOf('webhook listen --port 0 --limit 1 --output json'), { ...env, ...key }, { onStderr });
    const url = await listening;
    const body = '{"type":"allotree.license-granted.v1","subject":"p1"}';
    const codeOf = (seconds: number, text: string) =>
      createHmac('sha256', secret).update(`e1.${seconds}.${text}`).digest('base64');
    const deliver = async (seconds: number, signedBody = body) => {
      const signature = `v1,${codeOf(seconds, signedBody)}`;
      const headers = { 'webhook-id': 'e1', 'webhook-timestamp': String(seconds), 'webhook-signature': signature };
      return (await fetch(url, { method: 'POST', body, headers })).status;
    };
    const now = Math.floor(Date.now() / 1_000);
    expect([await deliver(now, '{}'), await deliver(now - 3_600), await deliver(now)]).toEqual([401, 401, 204]);
    expect(await ran).toMatchObject({ code: EXIT.done, stdout: `${body}\n` });

    const file = join(folder, 'body.json');
    await writeFile(file, body);
    const verify = (signature: string) =>
      allotree(`webhook verify ${file} --id e1 --timestamp 1 --signature v1,${signature} --output json`, key);
    expect(JSON.parse((await verify(codeOf(1, body))).stdout)).toEqual({ genuine: true, fresh: false });
    expect(await verify('AAAA')).toMatchObject({ code: EXIT.failed });
  });

  it('goes on with the events after its cursor file', async () => {
    const cursor = join(folder, 'billing.cursor');
    const next = async () =>
      (await allotree(`events tail --no-follow --limit 2 --output json --cursor-file ${cursor}`)).stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id);
    const all = await system.api.get<{ items: { id: string }[] }>('/events?limit=4');
    expect([...(await next()), ...(await next())]).toEqual(all.items.map(({ id }) => id));
  });

  it('examines the system', async () => {
    const { code, stdout } = await allotree('doctor --output json');
    const checks = JSON.parse(stdout) as { check: string; status: string }[];
    // Events may be on their way.
    const others = checks.filter(({ check }) => check !== 'lag').map(({ check, status }) => [check, status]);
    expect([code, others]).toEqual([
      EXIT.done,
      ['health', 'database', 'clock', 'free space', 'clock skew', 'versions'].map((check) => [check, 'ok']),
    ]);
  });

  it(
    'shows what every example of the help shows',
    async () => {
      const start = await now();
      const day = (days: number): string => new Date(start + days * DAY_MS).toISOString().slice(0, 10);
      await setClock(start + 10 * DAY_MS);
      await untilReported(system.api);
      await untilIssued();
      const dates = (line: string): string =>
        line.replace('2026-06-01', day(2)).replace('2026-07-01', day(5)).replace('2030-01-01', day(20));
      const mask = masking();
      const shown: string[] = [];
      for (const { command } of commandTree(
        createProgram(
          { env, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, now: () => 0 },
          () => undefined,
        ),
      ))
        for (const { line, says } of examplesOf(command)) {
          if (NOT_HERE.test(line)) continue;
          const { code, stdout, stderr } = await runCli(wordsOf(dates(line)).slice(1), env);
          const remarks =
            stderr === ''
              ? ''
              : mask(stderr)
                  .replace(/(events read:) \d+, (streams:) \d+/, '$1 <n>, $2 <n>')
                  .trimEnd()
                  .replace(/^\d+(?= documents)/gm, '<n>')
                  .replace(/^/gm, '! ') + '\n';
          shown.push(`# ${says}\n$ ${line}\n${steady(line, mask(stdout))}${remarks}= ${code}\n`);
        }
      const text = shown.join('\n').replaceAll(bench.dataDir, '<data>');
      if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(GOLDEN, text);
      expect(text).toBe(await readFile(GOLDEN, 'utf8'));
    },
    2 * MINUTES,
  );
});
