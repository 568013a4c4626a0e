import { queryOptions, useQueries } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';

/** A seller or buyer. */
export interface Party {
  readonly kind: 'vendor' | 'partner' | 'project';
  readonly id: string | null;
}

const UNCHANGING = { staleTime: Number.POSITIVE_INFINITY, retry: false } as const;

const nameQuery = ({ kind, id }: { readonly kind: Party['kind']; readonly id: string }) =>
  queryOptions({
    queryKey: ['party', kind, id],
    queryFn: async () => {
      const { name } =
        kind === 'partner'
          ? await must(api.GET('/api/v1/partners/{partnerId}', { params: { path: { partnerId: id } } }))
          : await must(api.GET('/api/v1/projects/{p}', { params: { path: { p: id } } }));
      return name;
    },
    ...UNCHANGING,
  });

/** Names a party; one of which the reader sees no name is "another partner" or "another project". */
export function usePartyNames(parties: readonly Party[]): (party: Party) => string {
  const { t } = useTranslation();
  const known = new Map(
    parties.flatMap(({ kind, id }) => (kind === 'vendor' || id === null ? [] : [[id, { kind, id }] as const])),
  );
  const found = useQueries({ queries: [...known.values()].map(nameQuery) });
  const names = new Map([...known.keys()].map((id, index) => [id, found[index]] as const));
  return ({ kind, id }) => {
    if (kind === 'vendor' || id === null) return t('statements.vendor');
    const asked = names.get(id);
    return asked?.isPending === true ? '…' : (asked?.data ?? t(`statements.unnamed.${kind}`));
  };
}
