import { EventSourceParserStream } from 'eventsource-parser/stream';
import { api } from './client.js';

/** The first pause before another attempt, and the longest. */
const PAUSE_MS = { first: 1_000, longest: 30_000 };
/** The server sends something every 10 seconds: a longer silence is a lost connection. */
const SILENCE_MS = 25_000;
/** A page is read shortly before its project is followed; after a longer time it is read again. */
const SHORTLY_MS = 1_000;
/** Attempts in a row that fail before it is shown: a stream ends with each access token, and with each restart of a server. */
const HIDDEN_FAILURES = 1;

export interface ChangesListener {
  /** Something in the project changed, or can have changed while nothing was received. */
  readonly onChange: () => void;
  /** Whether changes arrive at the moment. */
  readonly onState: (isLive: boolean) => void;
}

const pauseAfter = (failures: number): number =>
  // Browsers that lost the same server do not all come back at once.
  Math.min(PAUSE_MS.first * 2 ** (failures - 1), PAUSE_MS.longest) * (0.5 + Math.random() / 2);

const waited = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** The changes of one project: one connection at a time, made again when it ends. */
export class ProjectChanges {
  /** Of the last event, so that nothing between two connections is missed. */
  private lastEventId: string | undefined;
  private readonly begunAt = performance.now();

  constructor(
    private readonly projectId: string,
    private readonly listener: ChangesListener,
  ) {}

  /** Follows until it is aborted, or until the caller may not follow the project any more. */
  async follow(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      const outcome = await this.connected(signal).catch(() => 'failed' as const);
      if (outcome === 'refused' || signal.aborted) return;
      failures = outcome === 'ended' ? 0 : failures + 1;
      if (failures > HIDDEN_FAILURES) this.listener.onState(false);
      await waited(pauseAfter(Math.max(failures, 1)), signal);
    }
  }

  /** One connection. @throws where it cannot be made, or breaks before its first event */
  private async connected(signal: AbortSignal): Promise<'ended' | 'failed' | 'refused'> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    const isAlive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
    };
    let hasOpened = false;
    try {
      const { response, data: body } = await this.request(AbortSignal.any([signal, silence.signal]));
      if (!response.ok || body === null || body === undefined)
        return [401, 403, 404].includes(response.status) ? 'refused' : 'failed';
      const events = body
        .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
        .pipeThrough(new EventSourceParserStream({ onComment: isAlive }));
      for (const reader = events.getReader(); ;) {
        const { done, value } = await reader.read();
        if (done) return 'ended';
        isAlive();
        hasOpened = true;
        this.take(value.id, value.data);
      }
    } catch {
      return hasOpened ? 'ended' : 'failed';
    } finally {
      clearTimeout(timer);
    }
  }

  private request(signal: AbortSignal) {
    const header = this.lastEventId === undefined ? {} : { 'Last-Event-ID': this.lastEventId };
    const params = { path: { p: this.projectId }, header };
    return api.GET('/api/v1/projects/{p}/changes', { params, signal, parseAs: 'stream' });
  }

  private take(id: string | undefined, data: string): void {
    const isLate = this.lastEventId === undefined && performance.now() - this.begunAt > SHORTLY_MS;
    this.lastEventId = id ?? this.lastEventId;
    this.listener.onState(true);
    const { kinds } = JSON.parse(data) as { readonly kinds: readonly string[] };
    if (isLate || kinds.length > 0) this.listener.onChange();
  }
}
