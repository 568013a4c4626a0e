import { holds, isSmall, type Me, type Permission } from './access.js';

type Membership = Me['memberships'][number];

/** Where a permission must be held for a page to show anything. */
const PLACES = {
  anywhere: () => true,
  /** At a partner, or in the whole of a project. */
  whole: ({ projectId, groupId }: Membership) => groupId === null || groupId === projectId,
  partner: ({ groupId }: Membership) => groupId === null,
} as const satisfies Readonly<Record<string, (membership: Membership) => boolean>>;

/** Each page with the permissions of which one opens it; nobody else sees it, in the menu or by its address. */
const PAGES = {
  projects: ['anywhere', 'projects:read'],
  partners: ['partner', 'partners:read'],
  statements: ['whole', 'statements:read'],
  people: ['whole', 'members:read', 'partners:manage'],
  roles: ['anywhere', 'roles:read'],
  apiKeys: ['anywhere', 'api-keys:manage'],
  templates: ['anywhere', 'mail:read'],
  deliveries: ['anywhere', 'mail:read'],
  webhooks: ['anywhere', 'webhooks:manage'],
  exports: ['anywhere', 'events:read'],
  audit: ['anywhere', 'audit:read'],
} as const satisfies Readonly<Record<string, readonly [keyof typeof PLACES, ...Permission[]]>>;
export type Page = keyof typeof PAGES;

/** Whether somebody sees a page. A concierge and a resident have one page of their own, and no other. */
export function sees(self: Me, page: Page): boolean {
  const [place, ...permissions]: readonly [keyof typeof PLACES, ...Permission[]] = PAGES[page];
  if (isSmall(self)) return false;
  if (self.serverAdministrator) return holds(self, ...permissions);
  return self.memberships.some(
    (membership) =>
      PLACES[place](membership) && permissions.some((permission) => membership.permissions.includes(permission)),
  );
}
