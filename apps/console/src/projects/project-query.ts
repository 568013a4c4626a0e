import { queryOptions } from '@tanstack/react-query';
import { api, must } from '../api/client.js';

/** A project, with its time zone. */
export const projectQuery = (p: string) =>
  queryOptions({
    queryKey: ['project', p],
    queryFn: () => must(api.GET('/api/v1/projects/{p}', { params: { path: { p } } })),
  });
