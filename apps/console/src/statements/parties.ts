import { queryOptions, useQueries } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, must, type AnswerOf } from '../api/client.js';

/** A seller or buyer. */
export interface Party {
  readonly kind: 'vendor' | 'partner' | 'project';
  readonly id: string | null;
  /** Where it is known already. */
  readonly name?: string | null;
}

type Account = Pick<AnswerOf<'/api/v1/accounts/{accountId}'>, `${'seller' | 'buyer'}${'Kind' | 'Id' | 'Name'}`>;

export const sellerOf = ({ sellerKind: kind, sellerId: id, sellerName: name }: Account): Party => ({ kind, id, name });
export const buyerOf = ({ buyerKind: kind, buyerId: id, buyerName: name }: Account): Party => ({ kind, id, name });

export const accountQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['account', accountId],
    queryFn: () => must(api.GET('/api/v1/accounts/{accountId}', { params: { path: { accountId } } })),
  });

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

/**
 * Returns a function that gives the name of a party. Names that `parties` lack are looked up. A party whose name the reader may not see is
 * called "another partner" or "another project".
 */
export function usePartyNames(parties: readonly Party[]): (party: Party) => string {
  const { t } = useTranslation();
  const known = new Map(
    parties.flatMap(({ kind, id, name }) =>
      kind === 'vendor' || id === null || name != null ? [] : [[id, { kind, id }] as const],
    ),
  );
  const found = useQueries({ queries: [...known.values()].map(nameQuery) });
  const names = new Map([...known.keys()].map((id, index) => [id, found[index]] as const));
  return ({ kind, id, name }) => {
    if (name != null) return name;
    if (kind === 'vendor' || id === null) return t('statements.vendor');
    const asked = names.get(id);
    return asked?.isPending === true ? '…' : (asked?.data ?? t(`statements.unnamed.${kind}`));
  };
}
