import { relative, resolve } from 'node:path';

export interface Welcome {
  readonly url: string;
  readonly folder: string;
  /** How long the start took. */
  readonly seconds: string;
  readonly email: string;
  /** The password, when it was made at this start. */
  readonly password: string | null;
  /** `false` with LOCAL_ACCOUNTS=false: nobody has a password here. */
  readonly passwordSignIn: boolean;
  /** Whether the console offers the OpenID provider. */
  readonly providerSignIn: boolean;
  /** The command that applies the demo to this system. */
  readonly demo: string;
}

/** The command of the demo; its default data folder is `./.data`. */
export const demoCommand = (folder: string): string => {
  if (folder === resolve('.data')) return 'npm run demo';
  const near = relative('', folder);
  return `npm run demo -- --data-dir ${quoted(near.startsWith('..') || near === '' ? folder : near)}`;
};

const quoted = (path: string): string => (/^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

const withPassword = ({ url, email, password }: Welcome): string => `
  Administrator  ${email}
  Password       ${password === null ? 'the one you know (forgotten? start with ADMIN_PASSWORD=...)' : `${password}   (made now, shown only once)`}

  Sign in:       curl -s ${url}/api/v1/auth/token -H 'content-type: application/json' \\
                   -d '{"email":"${email}","password":"${password ?? '...'}"}'`;

const withProvider = ({ email, providerSignIn }: Welcome): string => `
  Administrator  ${email}, as the OpenID provider names the person

  Sign in:       ${providerSignIn ? 'in the console, or ' : ''}send a token of OIDC_ISSUER or an API key: authorization: Bearer ... (LOCAL_ACCOUNTS=false)`;

/** Where to go, how to sign in, how to stop. */
export const banner = (welcome: Welcome): string => `
Allotree is running (started in ${welcome.seconds} s).

  Console        ${welcome.url}/
  API            ${welcome.url}/api/v1
  Documentation  ${welcome.url}/api/v1/openapi.json  (OpenAPI)
  Health         ${welcome.url}/health/ready
  Metrics        ${welcome.url}/metrics
  Data and log   ${welcome.folder}
${welcome.passwordSignIn ? withPassword(welcome) : withProvider(welcome)}
  See it work:   ${welcome.demo}   (in another terminal)
  Stop:          Ctrl-C
`;
