/** The built-in roles of members (docs/domain/rules.md#roles); a tenant can define further ones, known by their ids. */
export const MEMBER_ROLES = ['company_administrator', 'site_administrator', 'concierge', 'user'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** One of `MEMBER_ROLES`, or the id of a role of the tenant. */
export type Role = string;

/** Whether a role administers a partner or a project: its last holder can neither be removed nor lose the role. */
export const isAdministrator = (role: Role): boolean =>
  role === 'company_administrator' || role === 'site_administrator';
