import { queryOptions } from '@tanstack/react-query';
import { api, must } from './client.js';

/** Who is signed in. */
export const me = queryOptions({
  queryKey: ['me'],
  queryFn: () => must(api.GET('/api/v1/me')),
  staleTime: Number.POSITIVE_INFINITY,
});
