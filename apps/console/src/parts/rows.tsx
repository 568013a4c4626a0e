import { Button, Table, Text } from '@mantine/core';
import { useSuspenseInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export interface Column<Row> {
  /** Empty above buttons. */
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** Aligned at the end, digits below digits. */
  readonly numbers?: boolean;
  /** Names the row. */
  readonly isHead?: boolean;
}

interface RowsProps<Row> {
  /** What the table lists. */
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** In pixels; on a narrower screen the table scrolls. */
  readonly minWidth?: number;
  /** In pixels; a longer table scrolls below its head. */
  readonly maxHeight?: number;
  /** Shown without rows: the next step. */
  readonly empty?: string;
  /** Below the rows, such as their sum. */
  readonly foot?: ReactNode;
  /** The button for more rows. */
  readonly more?: ReactNode;
  /** On a telephone it scrolls as a table, because rows are compared; others show each row as a block. */
  readonly isCompared?: boolean;
}

/** A table of rows with a scroll bar of its own, also for the keyboard; or what to do while there are no rows. */
export function Rows<Row>(props: RowsProps<Row>) {
  const { label, rows, columns, keyOf, minWidth = 640, maxHeight, empty, foot, more, isCompared = false } = props;
  if (rows.length === 0) return empty === undefined ? null : <Text c="dimmed">{empty}</Text>;
  return (
    <>
      <Table.ScrollContainer
        type="native"
        minWidth={minWidth}
        {...(maxHeight !== undefined && { maxHeight })}
        role="region"
        aria-label={label}
        tabIndex={0}
        className={isCompared ? 'rows' : 'rows rows-blocks'}
      >
        <Table role="table" aria-label={label} verticalSpacing="xs" stickyHeader={maxHeight !== undefined}>
          <Table.Thead role="rowgroup">
            <Table.Tr role="row">
              {columns.map(({ title, numbers }, index) => (
                <Table.Th key={index} role="columnheader" {...(numbers && { className: 'numbers' })}>
                  {title}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody role="rowgroup">
            {rows.map((row) => (
              <Table.Tr key={keyOf(row)} role="row">
                {columns.map((column, index) => (
                  <Cell key={index} {...column}>
                    {column.cell(row)}
                  </Cell>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
          {foot !== undefined && <Table.Tfoot role="rowgroup">{foot}</Table.Tfoot>}
        </Table>
      </Table.ScrollContainer>
      {more}
    </>
  );
}

interface CellProps extends Omit<Column<unknown>, 'cell'> {
  readonly children: ReactNode;
}

function Cell({ title, numbers, isHead, children }: CellProps) {
  const attributes = { 'data-title': title, ...(numbers && { className: 'numbers' }) };
  return isHead ? (
    <Table.Th scope="row" role="rowheader" fw={400} {...attributes}>
      {children}
    </Table.Th>
  ) : (
    <Table.Td role="cell" {...attributes}>
      {children}
    </Table.Td>
  );
}

interface PageOf<Row> {
  readonly items: readonly Row[];
  readonly nextCursor: string | null;
}

const PAGE = 50;
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
    queryFn: ({ pageParam }) => load({ limit: PAGE, ...(pageParam !== '' && { cursor: pageParam }) }),
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
