import { queryOptions } from '@tanstack/react-query';
import { api, must, type AnswerOf } from '../api/client.js';

export type Quota = AnswerOf<'/api/v1/projects/{p}/groups/{g}/quota'>;

/** The limits, use and features of a group at an instant; `undefined`: now. */
export const quotaQuery = (p: string, g: string, at?: string) =>
  queryOptions({
    queryKey: ['quota', p, g, at],
    queryFn: (): Promise<Quota> =>
      at === undefined
        ? must(api.GET('/api/v1/projects/{p}/groups/{g}/quota', { params: { path: { p, g } } }))
        : must(api.GET('/api/v1/projects/{p}/groups/{g}/quota/as-of', { params: { path: { p, g }, query: { at } } })),
  });
