import { Problem } from '@allotree/platform';

export const notFound = (what: 'delivery' | 'mail', id: string): Problem =>
  new Problem('NOT_FOUND', `There is no ${what} ${id} here`, { what, id });
