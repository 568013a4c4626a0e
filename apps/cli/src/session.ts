import { Api, readLocalSignIn } from '@allotree/api-client';
import type { IssuedTokens } from '@allotree/contracts';
import { CliError } from './exit-codes.js';
import { withFileLock } from './file-lock.js';
import type { GlobalOptions, Host } from './host.js';
import { Profiles, type ApiKeyCredential, type Profile, type SessionCredential } from './profiles.js';

/** A token is renewed this long before it expires. */
const MARGIN_MS = 30_000;

/** Where requests go and who sends them. */
export interface Target {
  /** Without a slash at its end. */
  readonly server: string;
  /** Of `--tenant`, ALLOTREE_TENANT or the profile. */
  readonly tenant: string | null;
  /** Where server and credential come from, for `whoami`. */
  readonly source: string;
  /** Signs in; exchanges a key or renews a session where needed. */
  signIn(): Promise<Api>;
}

/** `<keyId>:<secret>`, as in ALLOTREE_API_KEY. */
export function parseApiKey(text: string, where: string): ApiKeyCredential {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) throw new CliError(`${where} must be <keyId>:<secret>.`);
  return { kind: 'api-key', keyId: text.slice(0, colon), secret: text.slice(colon + 1) };
}

/** An HTTP or HTTPS URL without a slash at its end. */
export function parseServer(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new CliError(`${where} must be an http or https URL such as https://allotree.example, not ${text}`);
  return text.replace(/\/+$/, '');
}

/** Tokens for a password, an API key or a refresh token. */
export const tokensFor = (server: string, body: Readonly<Record<string, string>>): Promise<IssuedTokens> =>
  new Api(server, '').post<IssuedTokens>('/auth/token', body);

/** A session to keep in a profile. */
export const sessionOf = (email: string, tokens: IssuedTokens, now: number): SessionCredential => ({
  kind: 'session',
  email,
  accessToken: tokens.access_token,
  refreshToken: tokens.refresh_token ?? '',
  expiresAt: new Date(now + tokens.expires_in * 1_000).toISOString(),
});

async function withApiKey(server: string, { keyId, secret }: ApiKeyCredential): Promise<Api> {
  const body = { grant_type: 'client_credentials', client_id: keyId, client_secret: secret };
  return new Api(server, (await tokensFor(server, body)).access_token);
}

const isFresh = ({ expiresAt }: SessionCredential, now: number): boolean => Date.parse(expiresAt) - now > MARGIN_MS;

/** Renews the session of a profile; one process at a time, because a refresh token that is used twice ends the session. */
async function withSession(host: Host, profiles: Profiles, name: string): Promise<Api> {
  const current = async (): Promise<{ profile: Profile; credential: SessionCredential }> => {
    const profile = (await profiles.read()).profiles[name];
    if (profile?.credential?.kind !== 'session') throw new CliError(`profile ${name} is not signed in.`);
    return { profile, credential: profile.credential };
  };
  const { profile, credential } = await current();
  if (isFresh(credential, host.now())) return new Api(profile.server, credential.accessToken);
  return withFileLock(`${profiles.file}.lock`, host.now, async () => {
    const again = await current();
    if (isFresh(again.credential, host.now())) return new Api(profile.server, again.credential.accessToken);
    const { email, refreshToken } = again.credential;
    const tokens = await tokensFor(profile.server, { grant_type: 'refresh_token', refresh_token: refreshToken });
    await profiles.put(name, { ...again.profile, credential: sessionOf(email, tokens, host.now()) });
    return new Api(profile.server, tokens.access_token);
  });
}

export const DEFAULT_SERVER = 'http://127.0.0.1:8080';

interface Chosen {
  readonly server: string | null;
  readonly apiKey: ApiKeyCredential | null;
  readonly tenant: string | null;
  /** The name of a profile. */
  readonly profile: string | null;
}

/** An option, else a variable of the environment; an empty variable counts as none. */
export const setting = (option: string | undefined, variable: string | undefined): string | null =>
  option ?? (variable || null);

function chosenOf({ env }: Host, options: GlobalOptions): Chosen {
  const server = setting(options.server, env['ALLOTREE_SERVER']);
  const key = setting(undefined, env['ALLOTREE_API_KEY']);
  return {
    server: server === null ? null : parseServer(server, options.server === undefined ? 'ALLOTREE_SERVER' : '--server'),
    apiKey: key === null ? null : parseApiKey(key, 'ALLOTREE_API_KEY'),
    tenant: setting(options.tenant, env['ALLOTREE_TENANT']),
    profile: setting(options.profile, env['ALLOTREE_PROFILE']),
  };
}

/**
 * The first of: the API key in ALLOTREE_API_KEY; the profile (`--profile`, ALLOTREE_PROFILE, or the current one); the session that a
 * system leaves in its data folder for this machine. A credential of a profile is sent to the server of the profile only.
 */
export async function openTarget(host: Host, options: GlobalOptions): Promise<Target> {
  const profiles = new Profiles(host.env);
  const chosen = chosenOf(host, options);
  const { name, profile, tenant, server } = await findProfile(profiles, chosen);
  if (chosen.apiKey !== null) return ofApiKey(chosen.apiKey, server ?? DEFAULT_SERVER, tenant);
  if (profile !== null && isMeant(profile, chosen)) return ofProfile({ host, profiles, name, profile, chosen, tenant });
  return ofDataFolder(host, server, tenant);
}

const ofApiKey = (key: ApiKeyCredential, server: string, tenant: string | null): Target => ({
  server,
  tenant,
  source: 'ALLOTREE_API_KEY',
  signIn: () => withApiKey(server, key),
});

/** The profile, and what was chosen completed by it. */
async function findProfile(profiles: Profiles, chosen: Chosen) {
  const { current, profiles: known } = await profiles.read();
  const name = chosen.profile ?? current;
  const profile = known[name] ?? null;
  if (chosen.profile !== null && profile === null)
    throw new CliError(`there is no profile ${name}. \`allotree profile list\` shows them.`);
  return { name, profile, ...completed(chosen, profile) };
}

const completed = ({ tenant, server }: Chosen, profile: Profile | null) => ({
  tenant: tenant ?? profile?.tenant ?? null,
  server: server ?? profile?.server ?? null,
});

/** The current profile is for its own server; one that was named is meant anyway. */
const isMeant = ({ credential, server }: Profile, chosen: Chosen): boolean =>
  credential !== null && (chosen.profile !== null || chosen.server === null || chosen.server === server);

interface FoundProfile {
  readonly host: Host;
  readonly profiles: Profiles;
  readonly name: string;
  readonly profile: Profile;
  readonly chosen: Chosen;
  readonly tenant: string | null;
}

function ofProfile({ host, profiles, name, profile, chosen, tenant }: FoundProfile): Target {
  const { server, credential } = profile;
  if (chosen.server !== null && chosen.server !== server)
    throw new CliError(`profile ${name} is for ${server}, so its credential is not sent to ${chosen.server}.`);
  const signIn = (): Promise<Api> =>
    credential?.kind === 'api-key' ? withApiKey(server, credential) : withSession(host, profiles, name);
  return { server, tenant, source: `profile ${name}`, signIn };
}

async function ofDataFolder({ env, now }: Host, server: string | null, tenant: string | null): Promise<Target> {
  const folder = env['DATA_DIR'] || '.data';
  const local = await readLocalSignIn(folder, now());
  const at = server ?? local?.url ?? DEFAULT_SERVER;
  return {
    server: at,
    tenant,
    source: local?.url === at ? `the session in ${folder}` : 'no credential',
    signIn: () => {
      if (local?.url !== at)
        throw new CliError(`you are not signed in to ${at}. Run \`allotree login\`, or set ALLOTREE_API_KEY.`);
      return Promise.resolve(new Api(local.url, local.accessToken));
    },
  };
}
