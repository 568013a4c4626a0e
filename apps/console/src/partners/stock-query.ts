import { queryOptions } from '@tanstack/react-query';
import { api, must } from '../api/client.js';

/** The stock of a partner: bought, sold, issued and left. */
export const stockQuery = (partnerId: string) =>
  queryOptions({
    queryKey: ['stock', partnerId],
    queryFn: () => must(api.GET('/api/v1/partners/{partnerId}/stock', { params: { path: { partnerId } } })),
  });
