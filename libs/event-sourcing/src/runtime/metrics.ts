/** Hooks for counters and histograms. They run on the hot path: keep them cheap. */
export interface RuntimeMetrics {
  /** A command was received; `answered` follows. */
  received?(category: string): void;
  /** A command completed, with its outcome and its duration in milliseconds. */
  answered?(category: string, kind: 'accepted' | 'refused' | 'stale' | 'failed', milliseconds: number): void;
  /** One call to the store, with its number of events and streams and its duration in milliseconds. */
  appended?(events: number, streams: number, milliseconds: number): void;
  conflicted?(category: string): void;
  /** A state was loaded: number of events read (after the snapshot, if any) and milliseconds. */
  loaded?(category: string, events: number, milliseconds: number): void;
  /** An invalid snapshot was ignored and the whole stream was read. */
  snapshotIgnored?(category: string): void;
}
