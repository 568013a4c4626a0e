import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { readLocalSignIn } from '@allotree/api-client';
import { Api, UnexpectedRefusal, Unreachable } from '@allotree/api-client';
import { RefusedPlan } from './apply-plan.js';
import { applyProjectFile } from './apply.js';
import { DifferentUse, runBillingStory } from './billing-story.js';
import { NoTestClock } from './expiry-clock.js';
import { runExpiryStory } from './expiry-story.js';
import { NoMail } from './people-cast.js';
import { runPeopleStory, UnexpectedPermission } from './people-story.js';
import { Narrator } from './narrator.js';
import { runPastStory } from './past-story.js';
import type { ProjectFile } from '@allotree/project-file';
import { ProjectFileError, readProjectFile } from '@allotree/project-file/read';
import { WrongAnswer } from './show-refusals.js';

interface Options {
  readonly file: string;
  readonly url?: string;
  readonly email?: string;
  readonly password?: string;
  readonly dataDir: string;
  readonly expiry: boolean;
  readonly people: boolean;
  readonly past: boolean;
  readonly billing: boolean;
}

/** A mistake of the caller, reported without a stack. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

const write = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const command = new Command('npm run demo --')
  .description('Applies a project file to a running Allotree over HTTP, and shows the refusals named in the file.')
  .option('--file <path>', 'project file; examples/ has three', 'examples/hafenblick.yaml')
  .option('--url <url>', 'URL of Allotree (default: the one running on the data folder)')
  .option('--email <email>', 'user to sign in as (default: ADMIN_EMAIL, else admin@allotree.local)')
  .option(
    '--password <password>',
    'password of the user (default: ADMIN_PASSWORD, else the session in the data folder)',
  )
  .option('--data-dir <path>', 'data folder of the running Allotree', process.env['DATA_DIR'] ?? '.data')
  .option(
    '--expiry',
    'shows the end of the terms of the worked example instead; needs a system with TEST_CLOCK=1',
    false,
  )
  .option(
    '--past',
    'plays seven months of the worked example instead, and asks about them; needs a system with TEST_CLOCK=1',
    false,
  )
  .option(
    '--billing',
    'bills two months of the worked example instead, with a late correction; needs a system with TEST_CLOCK=1',
    false,
  )
  .option('--people', 'shows the work of five people instead, with their refusals', false)
  .addHelpText('after', '\nApplying a file again changes nothing: a step that is already done is shown with "=".');

const { PORT = '8080', ADMIN_EMAIL = 'admin@allotree.local', ADMIN_PASSWORD } = process.env;

/** Signs in with the given credentials, or with the session that `npm start` leaves for its own URL. */
const signIn = async (options: Options): Promise<Api> => {
  const local = await readLocalSignIn(options.dataDir, Date.now());
  const isAnonymous = options.email === undefined && options.password === undefined;
  if (local !== null && isAnonymous && (options.url ?? local.url) === local.url)
    return new Api(local.url, local.accessToken);
  const url = options.url ?? local?.url ?? `http://127.0.0.1:${PORT}`;
  return Api.signIn(url.replace(/\/+$/, ''), options.email ?? ADMIN_EMAIL, passwordOf(options, url));
};

/** Of the processes of a cluster that runs on the data folder. */
const clocksOf = async ({ dataDir }: Options): Promise<readonly Api[]> => {
  const local = await readLocalSignIn(dataDir, Date.now());
  return (local?.clocks ?? []).map((url) => new Api(url, local!.accessToken));
};

const passwordOf = ({ url, password, dataDir }: Options, at: string): string => {
  const known = password ?? ADMIN_PASSWORD;
  if (known !== undefined) return known;
  throw new UsageError(
    url === undefined
      ? `no Allotree is running on the data folder ${dataDir}. Start it with \`npm start\` in another terminal.`
      : `a password is needed for ${at}: --password, or ADMIN_PASSWORD in the environment.`,
  );
};

const showPeople = async (options: Options): Promise<void> => {
  const host = await signIn(options);
  write(`Five people at work -> ${host.url}`);
  write('+ done   x refused as expected');
  const narrator = new Narrator(write);
  await runPeopleStory({ host, narrator });
  const { changed, refused } = narrator.counts;
  write('');
  write(`${changed} done, ${refused} refused as expected.`);
};

const run = async (options: Options): Promise<void> => {
  if (options.people) return showPeople(options);
  const path = resolve(options.file);
  const name = relative(process.cwd(), path);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${name} cannot be read (${error.code ?? error.message}).`);
  });
  const file = readProjectFile(name, text, { seller: true });
  const api = await signIn(options);
  const narrator = new Narrator(write);
  if (options.expiry) return playExpiry({ options, file, api, narrator });
  if (options.past) return runPastStory({ api, clocks: await clocksOf(options), file, narrator });
  if (options.billing)
    return runBillingStory({ api, clocks: await clocksOf(options), file, narrator, dataDir: options.dataDir });
  write(`${file.title ?? file.project.name}: ${name} -> ${api.url}`);
  write('+ done   = already so   x refused as expected');
  await applyProjectFile({ api, file, narrator, clock: () => Date.now() });
  const { changed, alreadySo, refused } = narrator.counts;
  write('');
  write(`${changed} done, ${alreadySo} already so, ${refused} refused as expected.`);
  if (changed > 0) write('Run it again: nothing changes the second time.');
};

interface Playing {
  readonly options: Options;
  readonly file: ProjectFile;
  readonly api: Api;
  readonly narrator: Narrator;
}

const playExpiry = async ({ options, file, api, narrator }: Playing): Promise<void> => {
  write(`${file.title ?? file.project.name}: how its terms end -> ${api.url}`);
  // Mails of a cluster go out while the story goes on.
  if ((await clocksOf(options)).length > 0)
    throw new UsageError('--expiry needs a single process: TEST_CLOCK=1 DATA_DIR=.data-expiry PORT=8081 npm start');
  await runExpiryStory({ api, file, narrator, mailFolder: join(options.dataDir, 'mails') });
};

const isForTheCaller = (error: unknown): error is Error =>
  [
    UsageError,
    DifferentUse,
    NoMail,
    NoTestClock,
    ProjectFileError,
    RefusedPlan,
    Unreachable,
    UnexpectedRefusal,
    WrongAnswer,
    UnexpectedPermission,
  ].some((kind) => error instanceof kind);

try {
  await run(command.parse().opts<Options>());
} catch (error) {
  if (!isForTheCaller(error)) throw error;
  process.stderr.write(`\n${error instanceof ProjectFileError ? 'nothing was sent:\n' : ''}${error.message}\n`);
  process.exitCode = 1;
}
