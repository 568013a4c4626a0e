import { cancel, isCancel, password as askPassword, text as askText } from '@clack/prompts';
import { Api } from '@allotree/api-client';
import type { Cli } from '../cli.js';
import { withExamples, type AddCommand } from '../command.js';
import { CliError } from '../exit-codes.js';
import { Profiles, type Profile } from '../profiles.js';
import { DEFAULT_SERVER, parseApiKey, parseServer, sessionOf, setting, tokensFor } from '../session.js';

interface LoginOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly apiKeyStdin?: boolean;
}

/** Everything on standard input, without the line break at its end. */
async function standardInput({ host }: Cli): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of host.stdin) chunks.push(Buffer.from(chunk as string | Buffer));
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function answered(answer: string | symbol): string {
  if (!isCancel(answer)) return answer as string;
  cancel('Nothing was changed.');
  throw new CliError('sign-in was canceled.');
}

function requireTerminal({ host }: Cli): void {
  if (host.stdin.isTTY !== true)
    throw new CliError('there is no terminal to ask in. Use --email with --password-stdin, or --api-key-stdin.');
}

const notEmpty = (value: string | undefined): string | undefined => (value ? undefined : 'must not be empty');

async function emailOf(cli: Cli, { email, passwordStdin }: LoginOptions): Promise<string> {
  if (email !== undefined) return email;
  if (passwordStdin === true) throw new CliError('--password-stdin needs --email.');
  requireTerminal(cli);
  return answered(await askText({ message: 'E-mail address', validate: notEmpty }));
}

async function passwordOf(cli: Cli, { passwordStdin }: LoginOptions): Promise<string> {
  if (passwordStdin === true) return standardInput(cli);
  requireTerminal(cli);
  return answered(await askPassword({ message: 'Password', validate: notEmpty }));
}

async function credentialOf(cli: Cli, server: string, options: LoginOptions): Promise<Profile['credential']> {
  if (options.apiKeyStdin === true) {
    const key = parseApiKey(await standardInput(cli), 'the API key');
    await tokensFor(server, { grant_type: 'client_credentials', client_id: key.keyId, client_secret: key.secret });
    return key;
  }
  const email = await emailOf(cli, options);
  const password = await passwordOf(cli, options);
  return sessionOf(email, await tokensFor(server, { email, password }), cli.host.now());
}

/** The profile to sign in with, named or current, and what it is to have. */
async function wantedOf({ host, options }: Cli, profiles: Profiles) {
  const file = await profiles.read();
  const name = setting(options.profile, host.env['ALLOTREE_PROFILE']) ?? file.current;
  const known = file.profiles[name];
  const server = setting(options.server, host.env['ALLOTREE_SERVER']) ?? known?.server ?? DEFAULT_SERVER;
  const tenant = setting(options.tenant, host.env['ALLOTREE_TENANT']) ?? known?.tenant ?? null;
  return { file, name, server: parseServer(server, '--server'), tenant };
}

async function login(cli: Cli, options: LoginOptions): Promise<void> {
  const profiles = new Profiles(cli.host.env);
  const { file, name, server, tenant } = await wantedOf(cli, profiles);
  const credential = await credentialOf(cli, server, options);
  await profiles.write({ current: name, profiles: { ...file.profiles, [name]: { server, tenant, credential } } });
  cli.out.note(`Signed in to ${server}; kept in profile ${name} (${profiles.file}).`);
}

export const addLogin: AddCommand = (program, act) =>
  withExamples(program.command('login'), {
    'allotree login --server https://allotree.example': 'Sign in; asks for e-mail address and password',
    'allotree login --server https://allotree.example --api-key-stdin < key.txt': 'Sign in with <keyId>:<secret>',
  })
    .description('sign in and keep the session in a profile')
    .option('--email <email>', 'e-mail address of the account')
    .option('--password-stdin', 'read the password from standard input')
    .option('--api-key-stdin', 'read an API key, <keyId>:<secret>, from standard input')
    .action(act(login));

export const addLogout: AddCommand = (program, act) =>
  withExamples(program.command('logout'), { 'allotree logout': 'End the session of the current profile' })
    .description('end the session of a profile and forget its credential')
    .action(
      act(async ({ host, options, out }) => {
        const profiles = new Profiles(host.env);
        const file = await profiles.read();
        const name = setting(options.profile, host.env['ALLOTREE_PROFILE']) ?? file.current;
        const profile = file.profiles[name];
        if (!profile?.credential) return out.note(`Profile ${name} is not signed in.`);
        const { server, credential } = profile;
        if (credential.kind === 'session')
          await new Api(server, '').post('/auth/revoke', { token: credential.refreshToken });
        await profiles.put(name, { ...profile, credential: null });
        out.note(`Signed out of ${server}.`);
      }),
    );
