import type { EventMetadata, NewEvent, StreamAppend } from '../event-store.js';

/**
 * The arrays of the SQL function `append`: one row a stream, one row an event, sorted by stream name (the order in which
 * every caller locks). `order[i]` is the place in `appends` of the i-th stream.
 */
export function appendArguments(appends: readonly StreamAppend[]): {
  readonly order: number[];
  readonly values: unknown[];
} {
  const order = appends.map((_, index) => index);
  if (appends.length > 1) order.sort((a, b) => byteOrder(appends[a]!.streamName, appends[b]!.streamName));
  const streams = { names: [] as string[], expected: [] as number[], counts: [] as number[] };
  const rows = new EventRows();
  order.forEach((index, place) => {
    const { streamName, expectedRevision, events } = appends[index]!;
    if (streamName === streams.names[place - 1]) throw new Error(`${streamName} is named twice in one append`);
    streams.names.push(streamName);
    streams.expected.push(expectedRevision);
    streams.counts.push(events.length);
    const category = categoryOf(streamName);
    events.forEach((event, i) => rows.add(place + 1, streamName, category, expectedRevision + 1 + i, event));
  });
  return { order, values: [streams.names, streams.expected, streams.counts, ...rows.columns()] };
}

class EventRows {
  readonly #streamOf: number[] = [];
  readonly #names: string[] = [];
  readonly #categories: string[] = [];
  readonly #revisions: number[] = [];
  readonly #ids: string[] = [];
  readonly #types: string[] = [];
  readonly #commands: string[] = [];
  readonly #metadata: string[] = [];
  readonly #data: string[] = [];

  add(stream: number, name: string, category: string, revision: number, event: NewEvent): void {
    this.#streamOf.push(stream);
    this.#names.push(name);
    this.#categories.push(category);
    this.#revisions.push(revision);
    this.#ids.push(event.metadata.eventId);
    this.#types.push(event.type);
    this.#commands.push(event.metadata.commandId);
    this.#metadata.push(metadataJson(event.metadata));
    this.#data.push(JSON.stringify(event.data ?? null));
  }

  columns(): unknown[] {
    return [
      this.#streamOf,
      this.#names,
      this.#categories,
      this.#revisions,
      this.#ids,
      this.#types,
      this.#commands,
      this.#metadata,
      this.#data,
    ];
  }
}

/** What has no column of its own. */
function metadataJson({ correlationId, causationId, actor, tenantId, recordedAt }: EventMetadata): string {
  return JSON.stringify({ correlationId, causationId, actor, tenantId, recordedAt });
}

function categoryOf(streamName: string): string {
  const dash = streamName.indexOf('-');
  if (dash < 1) throw new Error(`a stream is named <category>-<id>, not ${streamName}`);
  return streamName.slice(0, dash);
}

/** Any order will do as long as every process has the same. */
function byteOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
