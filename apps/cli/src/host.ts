import type { OutputFormat } from './output.js';

/** The process that `allotree` runs in; specs have one of their own. */
export interface Host {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Options of every command. */
export interface GlobalOptions {
  readonly server?: string;
  readonly tenant?: string;
  readonly profile?: string;
  readonly output: OutputFormat;
  readonly quiet?: boolean;
  readonly color: boolean;
}
