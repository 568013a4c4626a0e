import { queryOptions } from '@tanstack/react-query';
import { holds, type Me } from './access.js';
import { api, must } from './client.js';

const UNCHANGING = { staleTime: 60_000, retry: false } as const;

/** The administrators of a partner. */
const administratorsQuery = (partnerId: string) =>
  queryOptions({
    queryKey: ['administrators', partnerId],
    queryFn: async () => {
      const params = { path: { partnerId } };
      const { items } = await must(api.GET('/api/v1/partners/{partnerId}/administrators', { params }));
      return items;
    },
    ...UNCHANGING,
  });

export type ActorName = { readonly kind: 'person' | 'key'; readonly name: string };

/**
 * The name of somebody by the id of the account or membership, as far as the reader sees it: a member of a group, an administrator of one of these partners, or an API key.
 * `null`: the reader does not.
 */
export const actorNameQuery = (self: Me, userId: string, partnerIds: readonly string[]) =>
  queryOptions({
    queryKey: ['actor', userId, ...partnerIds],
    queryFn: async ({ client }): Promise<ActorName | null> => {
      if (holds(self, 'members:read')) {
        const query = { q: userId, kinds: 'person' as const, limit: 1 };
        const { items } = await must(api.GET('/api/v1/search', { params: { query } }));
        const [found] = items.filter(({ match, field }) => match === 'exact' && (field === 'userId' || field === 'id'));
        if (found !== undefined) return { kind: 'person', name: found.text };
      }
      for (const partnerId of holds(self, 'partners:read') ? partnerIds : []) {
        const administrators = await client.ensureQueryData(administratorsQuery(partnerId)).catch(() => []);
        const found = administrators.find((each) => each.userId === userId);
        if (found !== undefined) return { kind: 'person', name: found.name };
      }
      if (!holds(self, 'api-keys:manage')) return null;
      const query = { filter: `keyId = "${userId}"`, limit: 1 };
      const [key] = (await must(api.GET('/api/v1/api-keys', { params: { query } }))).items;
      return key === undefined ? null : { kind: 'key', name: key.name };
    },
    ...UNCHANGING,
  });
