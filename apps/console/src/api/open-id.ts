import { queryOptions } from '@tanstack/react-query';
import { api, must } from './client.js';

/** How people can sign in here. */
export const signInMethods = queryOptions({
  queryKey: ['sign-in-methods'],
  queryFn: () => must(api.GET('/api/v1/auth/sign-in-methods')),
});

/** Leaves for the page of the OpenID provider; it leads back to a page of the console. */
export async function signInElsewhere(to: string): Promise<void> {
  const { location } = await must(api.POST('/api/v1/auth/session/openid', { body: { to } }));
  window.location.assign(location);
}
