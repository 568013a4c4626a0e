import type { Column } from '../output.js';

/** Something that is not as the events, the store and the rules have it. */
export interface Finding {
  /** The stream, or the table. */
  readonly stream: string;
  /** `null`: it is about no single event. */
  readonly eventId: string | null;
  readonly code: FindingCode;
  readonly message: string;
}

export const FINDING_CODES = [
  'REVISION_MISSING',
  'POSITION_OUT_OF_ORDER',
  'UNKNOWN_STREAM',
  'EVENT_CHANGED',
  'EVENT_UNREADABLE',
  'INVARIANT_BROKEN',
  'SNAPSHOT_WRONG',
  'CHECKPOINT_BEYOND_END',
  'PUBLISHED_UNKNOWN',
  'NOT_PUBLISHED',
  'ROWS_DIFFER',
  'LIVE_DIFFERS',
  'QUOTA_DIFFERS',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

export const FINDING_COLUMNS: readonly Column<Finding>[] = [
  { header: 'stream', value: ({ stream }) => stream },
  { header: 'event', value: ({ eventId }) => eventId },
  { header: 'code', value: ({ code }) => code },
  { header: 'finding', value: ({ message }) => message },
];
