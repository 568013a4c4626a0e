import type { Column } from './output.js';

/** The outcome of one check. */
export interface Check {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'fault' | 'skipped';
  readonly detail: string;
}

export const CHECK_COLUMNS: readonly Column<Check>[] = [
  { header: 'check', value: ({ check }) => check },
  { header: 'status', value: ({ status }) => status },
  { header: 'detail', value: ({ detail }) => detail },
];
