import { BrowserCookie } from '../browser-cookie.js';

/**
 * The sealed attempt to sign in with the OpenID provider. Lax: the provider sends the browser back from its own site. With the prefix, no
 * other host of the domain can set it; browsers take it over TLS only.
 */
export const ATTEMPT_COOKIE = new BrowserCookie(({ protocol }) => ({
  name: protocol === 'https' ? '__Host-allotree_openid' : 'allotree_openid',
  path: '/',
  sameSite: 'lax',
}));
