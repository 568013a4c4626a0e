import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

interface WideTableProps {
  /** In px; a narrower screen scrolls the table sideways. */
  readonly minWidth: number;
  /** In px; a longer table scrolls below its head. */
  readonly maxHeight?: number;
  readonly label: string;
  readonly children: ReactNode;
}

/** A table with a scroll bar of its own, also for the keyboard, so that the page has none. */
export const WideTable = ({ minWidth, maxHeight, label, children }: WideTableProps) => (
  <Table.ScrollContainer
    type="native"
    minWidth={minWidth}
    {...(maxHeight !== undefined && { maxHeight })}
    role="region"
    aria-label={label}
    tabIndex={0}
  >
    <Table highlightOnHover stickyHeader={maxHeight !== undefined}>
      {children}
    </Table>
  </Table.ScrollContainer>
);
