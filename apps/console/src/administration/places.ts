import { queryOptions } from '@tanstack/react-query';
import { api, must } from '../api/client.js';

/** Where people have roles: a partner, or a project as a whole (its root group). */
export interface Place {
  /** In the address of the page. */
  readonly key: string;
  readonly kind: 'partner' | 'project';
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  /** The built-in roles that can be given there, the usual one first. */
  readonly builtInRoles: readonly string[];
}

export interface Person {
  /** Of the membership; at a partner, of the person. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly email: string | null;
  readonly role: string;
}

/** The partners and projects that somebody sees, by name. */
export const placesQuery = (withPartners: boolean) =>
  queryOptions({
    queryKey: ['places', withPartners],
    queryFn: async (): Promise<readonly Place[]> => {
      const query = { limit: 200, status: 'open' } as const;
      const [partners, projects] = await Promise.all([
        withPartners ? must(api.GET('/api/v1/partners', { params: { query } })) : { items: [] },
        must(api.GET('/api/v1/projects', { params: { query: { limit: 200, filter: 'status = "open"' } } })),
      ]);
      const places: Place[] = [
        ...partners.items.map(({ partnerId: id, name, tenantId, kind }) => ({
          key: `partner.${id}`,
          kind: 'partner' as const,
          id,
          name,
          tenantId,
          builtInRoles: [kind === 'distributor' ? 'company_administrator' : 'site_administrator'],
        })),
        ...projects.items.map(({ projectId: id, name, tenantId }) => ({
          key: `project.${id}`,
          kind: 'project' as const,
          id,
          name,
          tenantId,
          builtInRoles: ['site_administrator', 'concierge', 'user'],
        })),
      ];
      return places.sort((a, b) => a.name.localeCompare(b.name));
    },
  });

export const peopleQuery = ({ kind, id }: Place) =>
  queryOptions({
    queryKey: ['people', kind, id],
    queryFn: async (): Promise<readonly Person[]> => {
      if (kind === 'partner') {
        const path = { partnerId: id };
        const { items } = await must(api.GET('/api/v1/partners/{partnerId}/administrators', { params: { path } }));
        return items.map(({ userId, ...person }) => ({ id: userId, userId, ...person }));
      }
      const params = { path: { p: id, g: id }, query: { limit: 200 } };
      const { items } = await must(api.GET('/api/v1/projects/{p}/groups/{g}/members', { params }));
      return items.map(({ memberId, userId, name, email, role }) => ({ id: memberId, userId, name, email, role }));
    },
  });

/** The roles of a tenant; nobody sees them without the permission. */
export const rolesQuery = (tenantId: string, canRead: boolean) =>
  queryOptions({
    queryKey: ['roles', tenantId, canRead],
    queryFn: async () =>
      canRead ? (await must(api.GET('/api/v1/roles', { params: { query: { tenantId } } }))).items : [],
  });
