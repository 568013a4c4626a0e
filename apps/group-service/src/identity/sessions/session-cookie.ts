import { BrowserCookie } from './browser-cookie.js';

/**
 * The refresh token of a browser. It is sent only where it is used, so that no other route can act on a cookie, and by pages of the same
 * origin only.
 */
export const SESSION_COOKIE = new BrowserCookie(() => ({
  name: 'allotree_session',
  path: '/api/v1/auth/session',
  sameSite: 'strict',
}));
