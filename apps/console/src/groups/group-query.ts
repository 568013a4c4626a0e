import { queryOptions } from '@tanstack/react-query';
import { api, must } from '../api/client.js';

/** A group and the groups above it. */
export const groupQuery = (p: string, g: string) =>
  queryOptions({
    queryKey: ['group', p, g],
    queryFn: () => must(api.GET('/api/v1/projects/{p}/groups/{g}', { params: { path: { p, g } } })),
  });
