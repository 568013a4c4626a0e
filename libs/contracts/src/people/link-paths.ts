/**
 * The pages that links in mails lead to. The secret of a link stands behind a `#`, which browsers send to no server, so it
 * reaches no log.
 */
export const LINK_PATHS = {
  home: '/',
  signIn: '/sign-in',
  password: '/password',
  invitation: '/invitations',
  registration: '/registrations',
  group: '/projects/:projectId/groups/:groupId',
} as const;

/** The path of a page with the secret that it takes. */
export const secretLink = (page: 'password' | 'invitation' | 'registration', token: string): string =>
  `${LINK_PATHS[page]}#${token}`;

/** The path of the page about one group. */
export const groupLinkPath = (projectId: string, groupId: string): string =>
  LINK_PATHS.group.replace(':projectId', () => projectId).replace(':groupId', () => groupId);
