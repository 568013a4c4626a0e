import { keepPreviousData, queryOptions, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { api, must, type AnswerOf } from '../api/client.js';

type TreePage = AnswerOf<'/api/v1/projects/{p}/tree'>;
export type TreeRow = TreePage['items'][number];

/** Rows that are asked for at once. */
const PAGE = 100;
/** The most pages that are read to find one row. */
const MAX_PAGES_SEARCHED = 50;
/** What the parameter `expanded` holds, in ids of 36 characters. */
export const MAX_EXPANDED = 200;

export const TREE_STATES = ['at_limit', 'ending_soon', 'suspended'] as const;
export type TreeState = (typeof TREE_STATES)[number];

export interface TreeView {
  readonly projectId: string;
  /** The groups whose children are in sight; or the states of the groups that are looked for, wherever they are. */
  readonly shown: { readonly expanded: ReadonlySet<string> } | { readonly states: readonly TreeState[] };
  /** `undefined`: now. */
  readonly at: string | undefined;
}

/** What is shown, as a part of the address. */
const partOf = ({ shown }: TreeView): { readonly expanded?: string; readonly state?: string } => {
  if ('states' in shown) return { state: shown.states.join(',') };
  return shown.expanded.size === 0 ? {} : { expanded: [...shown.expanded].join(',') };
};

export interface TreeRows {
  /** Of rows in sight; `null`: not known yet. */
  readonly total: number | null;
  /** `undefined`: not loaded yet. */
  readonly rowAt: (index: number) => TreeRow | undefined;
  readonly error: unknown;
}

/** The rows of a tree from one index to another; the others stay on the server. Until they come, those before them are shown. */
export function useTreeRows(view: TreeView, first: number, last: number): TreeRows {
  const { projectId, at } = view;
  const part = partOf(view);
  const [from, until] = [Math.floor(first / PAGE), Math.floor(Math.max(first, last) / PAGE)];
  const { data, error } = useQuery({
    queryKey: ['tree', projectId, at, part, from, until],
    queryFn: async ({ client }) => {
      const numbers = Array.from({ length: until - from + 1 }, (_, index) => from + index);
      const pages = await Promise.all(numbers.map((page) => client.fetchQuery(treePage(projectId, at, part, page))));
      return { total: pages[0]!.total, offset: from * PAGE, rows: pages.flatMap(({ items }) => items) };
    },
    placeholderData: keepPreviousData,
  });
  return {
    total: data?.total ?? null,
    rowAt: (index) => data?.rows[index - data.offset],
    error,
  };
}

/** Where a group is among the rows in sight, loaded or not; `null`: it is not there. */
export function useIndexOf(view: TreeView): (groupId: string) => Promise<number | null> {
  const queries = useQueryClient();
  const { projectId, at } = view;
  const { expanded = '' } = partOf(view);
  return useCallback(
    async (groupId) => {
      for (let page = 0; page < MAX_PAGES_SEARCHED; page += 1) {
        // The rows themselves say why they are missing.
        const answer = await queries.fetchQuery(treePage(projectId, at, { expanded }, page)).catch(() => null);
        if (answer === null) return null;
        const { items, total } = answer;
        const index = items.findIndex((row) => row.groupId === groupId);
        if (index >= 0) return page * PAGE + index;
        if ((page + 1) * PAGE >= total) return null;
      }
      return null;
    },
    [queries, projectId, at, expanded],
  );
}

/** Asks for the first rows of a view before they are shown; rows that do not come are asked for again by the tree. */
export const prefetchRows = (queries: QueryClient, view: TreeView): Promise<void> =>
  queries.prefetchQuery(treePage(view.projectId, view.at, partOf(view), 0));

/** A page is asked for once, in whatever range it is shown. */
const treePage = (projectId: string, at: string | undefined, part: ReturnType<typeof partOf>, page: number) =>
  queryOptions({
    queryKey: ['tree-page', projectId, at, part, page],
    queryFn: () => {
      const rows = { offset: page * PAGE, limit: PAGE };
      const query = { ...rows, ...part, ...(at !== undefined && { at }) };
      return must(api.GET('/api/v1/projects/{p}/tree', { params: { path: { p: projectId }, query } }));
    },
    staleTime: 5_000,
  });
