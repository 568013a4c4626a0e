import { Button, type ButtonProps } from '@mantine/core';

interface RowButtonProps extends ButtonProps {
  /** Of the row, so that a screen reader knows which button this is. */
  readonly of: string;
  readonly children: string;
  readonly onClick: () => void;
}

/** A small button in a row of a table. */
export const RowButton = ({ of, children, ...props }: RowButtonProps) => (
  <Button variant="default" size="compact-sm" aria-label={`${children}: ${of}`} {...props}>
    {children}
  </Button>
);
