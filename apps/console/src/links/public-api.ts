import createClient from 'openapi-fetch';
import type { paths } from '../api/schema.generated.js';

/** The API for somebody who is not signed in: no token, no cookie. */
export const publicApi = createClient<paths>({ baseUrl: '/', credentials: 'omit', cache: 'no-store' });

interface Opened {
  readonly session: { readonly refresh_token?: string } | null;
}

/** Nobody goes on with the session that an answer opens, because its refresh token would be within reach of scripts; so it is ended. */
export async function endOpened({ session }: Opened): Promise<void> {
  const token = session?.refresh_token;
  if (token !== undefined) await publicApi.POST('/api/v1/auth/revoke', { body: { token } });
}
