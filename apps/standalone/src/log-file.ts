import { appendFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { createStream } from 'rotating-file-stream';

export interface LogFileOptions {
  readonly path: string;
  /** A file as large as this is put aside as `<path>.1`, the one before it as `<path>.2`, and so on. */
  readonly bytes: number;
  /** The number of rotated files that are kept. */
  readonly files: number;
  /** Called once when writing fails, and once when it works again. */
  readonly report: (message: string) => void;
  /** Where none is given, the rotating stream of the path. */
  readonly open?: () => Writable;
  /** Before a file that could not be written is opened again, in milliseconds. */
  readonly retryMs?: number;
}

const OWNER_ONLY = 0o600;
/** More than this waits for no disk; further lines are counted and dropped. */
const WAITING_BYTES = 8_000_000;
const BATCH_BYTES = 262_144;
const RETRY_MS = 2_000;
const CLOSE_MS = 2_000;

const rotating = ({ path, bytes, files }: LogFileOptions): Writable =>
  createStream(basename(path), { path: dirname(path), size: `${bytes}B`, rotate: files, mode: OWNER_ONLY });

/**
 * Log lines in a file that is rotated by size. A file that cannot be written is never fatal and holds nothing up: its lines
 * are dropped and counted, and it is tried again.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  #stream: Writable | null = null;
  #lines: string[] = [];
  #bytes = 0;
  #lost = 0;
  #isWriting = false;
  #retry: NodeJS.Timeout | null = null;
  #whenIdle: (() => void) | null = null;

  constructor(options: LogFileOptions) {
    this.#options = options;
    process.on('exit', this.#writeRest);
  }

  /** @param line ends with a line feed */
  write(line: string): void {
    if (this.#bytes + line.length > WAITING_BYTES) {
      this.#lost += 1;
      return;
    }
    this.#lines.push(line);
    this.#bytes += line.length;
    this.#flush();
  }

  /** Resolves when all lines are in the file; does not wait for a disk that is not responding. */
  async close(): Promise<void> {
    const idle = new Promise<void>((resolve) => (this.#whenIdle = resolve));
    if (this.#isAtRest) this.#whenIdle?.();
    const limit = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([idle, limit]);
    process.removeListener('exit', this.#writeRest);
    if (this.#retry) clearTimeout(this.#retry);
    this.#writeRest();
    this.#stream?.destroy();
  }

  get #isAtRest(): boolean {
    return !this.#isWriting && (this.#lines.length === 0 || this.#retry !== null);
  }

  #flush(): void {
    if (this.#isWriting || this.#retry !== null || this.#lines.length === 0) return;
    this.#stream ??= this.#opened();
    const lines = this.#batch();
    this.#isWriting = true;
    this.#stream.write(lines.join(''), (error) => {
      this.#isWriting = false;
      if (error) this.#failed(lines.length, error);
      else this.#written();
      if (this.#isAtRest) this.#whenIdle?.();
    });
  }

  /** Several lines share a write; a file is put aside between two of them. */
  #batch(): string[] {
    const most = Math.min(BATCH_BYTES, this.#options.bytes);
    let taken = 0;
    let bytes = 0;
    while (taken < this.#lines.length && (taken === 0 || bytes + (this.#lines[taken] as string).length <= most))
      bytes += (this.#lines[taken++] as string).length;
    this.#bytes -= bytes;
    return this.#lines.splice(0, taken);
  }

  #opened(): Writable {
    const stream = (this.#options.open ?? (() => rotating(this.#options)))();
    // The callback of the write knows it, too.
    stream.on('error', () => undefined);
    return stream;
  }

  #written(): void {
    if (this.#lost > 0) {
      this.#options.report(`the log can be written again; ${this.#lost} lines were lost`);
      this.#lost = 0;
    }
    this.#flush();
  }

  #failed(lines: number, error: NodeJS.ErrnoException): void {
    if (this.#lost === 0) this.#options.report(`the log cannot be written (${error.code ?? error.message})`);
    this.#lost += lines;
    this.#stream?.destroy();
    this.#stream = null;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#flush();
    }, this.#options.retryMs ?? RETRY_MS).unref();
  }

  /** At the very end, in one attempt: a full disk must not keep the process from ending. */
  readonly #writeRest = (): void => {
    if (this.#lines.length === 0) return;
    try {
      appendFileSync(this.#options.path, this.#lines.join(''), { mode: OWNER_ONLY });
    } catch {
      // There is nowhere to say it.
    }
    this.#lines = [];
  };
}
