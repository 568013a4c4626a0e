export interface Welcome {
  readonly url: string;
  readonly folder: string;
  /** How long the start took. */
  readonly seconds: string;
  readonly email: string;
  /** The password, when it was made at this start. */
  readonly password: string | null;
}

/** What one who started the system needs to know: where to go, how to sign in, how to stop. */
export const banner = ({ url, folder, seconds, email, password }: Welcome): string => `
Allotree is running (started in ${seconds} s).

  API            ${url}/api/v1
  Documentation  ${url}/api/v1/openapi.json  (OpenAPI)
  Health         ${url}/health/ready
  Metrics        ${url}/metrics
  Data and log   ${folder}

  Administrator  ${email}
  Password       ${password === null ? 'the one you know (forgotten? start with ADMIN_PASSWORD=...)' : `${password}   (made now, shown only once)`}

  Sign in:       curl -s ${url}/api/v1/auth/token -H 'content-type: application/json' \\
                   -d '{"email":"${email}","password":"${password ?? '...'}"}'
  See it work:   npm run demo   (in another terminal)
  Stop:          Ctrl-C
`;
