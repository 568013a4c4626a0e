import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { api, must, type AnswerOf } from '../api/client.js';

type TreePage = AnswerOf<'/api/v1/projects/{p}/tree'>;
export type TreeRow = TreePage['items'][number];

/** Rows that are asked for at once. */
const PAGE = 100;
/** What the parameter `expanded` holds, in ids of 36 characters. */
export const MAX_EXPANDED = 200;

export interface TreeView {
  readonly projectId: string;
  readonly expanded: ReadonlySet<string>;
  /** `undefined`: now. */
  readonly at: string | undefined;
}

export interface TreeRows {
  /** Of rows in sight; `null`: not known yet. */
  readonly total: number | null;
  /** `undefined`: not loaded yet. */
  readonly rowAt: (index: number) => TreeRow | undefined;
  readonly error: unknown;
}

/** The rows of a tree from one index to another; the others stay on the server. */
export function useTreeRows({ projectId, expanded, at }: TreeView, first: number, last: number): TreeRows {
  const ids = [...expanded].join(',');
  const [from, until] = [Math.floor(first / PAGE), Math.floor(Math.max(first, last) / PAGE)];
  const pages = Array.from({ length: until - from + 1 }, (_, index) => from + index);
  const found = useQueries({
    queries: pages.map((page) => ({
      queryKey: ['tree', projectId, at, ids, page],
      queryFn: () => {
        const query = {
          offset: page * PAGE,
          limit: PAGE,
          ...(ids !== '' && { expanded: ids }),
          ...(at !== undefined && { at }),
        };
        return must(api.GET('/api/v1/projects/{p}/tree', { params: { path: { p: projectId }, query } }));
      },
      placeholderData: keepPreviousData<TreePage>,
    })),
  });
  return {
    total: found.find(({ data }) => data !== undefined)?.data?.total ?? null,
    rowAt: (index) => found[Math.floor(index / PAGE) - from]?.data?.items[index % PAGE],
    error: found.find(({ error }) => error !== null)?.error ?? null,
  };
}
