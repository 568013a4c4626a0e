import { Button, Table, Text } from '@mantine/core';
import { useSuspenseInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export interface Column<Row> {
  /** Empty above buttons. */
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
}

interface RowsProps<Row> {
  /** What the table lists. */
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** In pixels; on a narrower screen the table scrolls. */
  readonly minWidth?: number;
  /** Shown without rows: the next step. */
  readonly empty: string;
}

/** A table of rows, or what to do while there are none. */
export function Rows<Row>({ label, rows, columns, keyOf, minWidth = 640, empty }: RowsProps<Row>) {
  if (rows.length === 0) return <Text c="dimmed">{empty}</Text>;
  return (
    <Table.ScrollContainer minWidth={minWidth}>
      <Table aria-label={label} verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ title }, index) => (
              <Table.Th key={title || index}>{title}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)}>
              {columns.map(({ title, cell }, index) => (
                <Table.Td key={title || index}>{cell(row)}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface PageOf<Row> {
  readonly items: readonly Row[];
  readonly nextCursor: string | null;
}

const ASK_AGAIN_MS = 1_500;

/**
 * The rows of a list page by page.
 * @param isUnsettled while there is such a row, the list is asked for again
 * @returns those asked for so far, and the button for more
 */
export function usePages<Row>(
  key: readonly unknown[],
  load: (page: { readonly limit: number; readonly cursor?: string }) => Promise<PageOf<Row>>,
  isUnsettled: (row: Row) => boolean = () => false,
): { readonly rows: readonly Row[]; readonly more: ReactNode } {
  const { t } = useTranslation();
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useSuspenseInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => load({ limit: 50, ...(pageParam !== '' && { cursor: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(isUnsettled)) === true && ASK_AGAIN_MS,
  });
  const more = hasNextPage && (
    <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
      {t('common.more')}
    </Button>
  );
  return { rows: data.pages.flatMap(({ items }) => items), more };
}
