export interface EmbeddedPostgresOptions {
  /** Where the data is kept; made when it does not exist. */
  readonly dataDir: string;
  /** Told in words what is happening. */
  readonly log?: (message: string) => void;
}

export interface EmbeddedPostgres {
  /** With the password; for this machine only. */
  readonly connectionString: string;
  /** Lets running transactions end (fast shutdown) and waits until the server is gone. */
  stop(): Promise<void>;
}

/** Another running process uses the data folder. */
export class EmbeddedPostgresInUse extends Error {
  override readonly name = 'EmbeddedPostgresInUse';
}

export async function startEmbeddedPostgres(_options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  throw new Error('not yet');
}
