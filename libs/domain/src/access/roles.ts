/** The roles somebody can be given (docs/domain/rules.md#roles); a tenant makes further ones, known by their ids. */
export const MEMBER_ROLES = ['company_administrator', 'site_administrator', 'concierge', 'user'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** One of `MEMBER_ROLES`, or the id of a role of the tenant. */
export type Role = string;

/** Whoever has such a role looks after what it stands at: the last of them can neither be removed nor lose it. */
export const isAdministrator = (role: Role): boolean =>
  role === 'company_administrator' || role === 'site_administrator';
