import { categoryOf, type EventMetadata, type NewEvent, type StreamAppend } from '../event-store.js';

/**
 * Joins texts into one parameter: the driver quotes each array element separately, which costs more than everything
 * else.
 */
const SEPARATOR = '\u001e';
const texts = (parameter: string): string => `string_to_array(${parameter}, U&'\\001E')`;

/** Calls the SQL function `append` with the values of `appendArguments`. */
export function appendCall(schema: string): string {
  const streams = [texts('$1'), '$2::bigint[]', '$3::integer[]'];
  const events = [
    '$4::integer[]',
    texts('$5'),
    texts('$6'),
    '$7::bigint[]',
    '$8::uuid[]',
    ...['$9', '$10', '$11', '$12'].map(texts),
  ];
  return `SELECT ok, revision, position FROM ${schema}.append(${[...streams, ...events].join(', ')})`;
}

/**
 * The arguments of `append`: one element per stream and per event, sorted by stream name, so that all callers lock in
 * the same order. `order[i]` is the index in `appends` of the i-th stream.
 */
export function appendArguments(appends: readonly StreamAppend[]): {
  readonly order: readonly number[];
  readonly values: readonly string[];
} {
  const order = appends.map((_, index) => index);
  if (appends.length > 1) order.sort((a, b) => compareNames(appends[a]!.streamName, appends[b]!.streamName));
  const streams = { names: [] as string[], expected: [] as number[], counts: [] as number[] };
  const rows = new EventRows();
  order.forEach((index, place) => {
    const { streamName, expectedRevision, events } = appends[index]!;
    if (streamName === streams.names[place - 1]) throw new Error(`${streamName} appears twice in one append`);
    streams.names.push(validName(streamName));
    streams.expected.push(expectedRevision);
    streams.counts.push(events.length);
    const category = validCategory(streamName);
    events.forEach((event, i) => rows.add(place + 1, streamName, category, expectedRevision + 1 + i, event));
  });
  const values = [streams.names.join(SEPARATOR), array(streams.expected), array(streams.counts), ...rows.values()];
  return { order, values };
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
    this.#types.push(validName(event.type));
    this.#commands.push(validName(event.metadata.commandId));
    // JSON escapes control characters, so it cannot contain the separator.
    this.#metadata.push(metadataJson(event.metadata));
    this.#data.push(JSON.stringify(event.data ?? null));
  }

  values(): string[] {
    const [names, categories, types, commands, metadata, data] = [
      this.#names,
      this.#categories,
      this.#types,
      this.#commands,
      this.#metadata,
      this.#data,
    ].map((column) => column.join(SEPARATOR)) as [string, string, string, string, string, string];
    const [streamOf, revisions, ids] = [array(this.#streamOf), array(this.#revisions), array(this.#ids)];
    return [streamOf, names, categories, revisions, ids, types, commands, metadata, data];
  }
}

function array(elements: readonly (number | string)[]): string {
  return `{${elements.join(',')}}`;
}

function validName(text: string): string {
  if (text.includes(SEPARATOR) || text === '') throw new Error(`invalid name in an event: ${JSON.stringify(text)}`);
  return text;
}

/** Metadata without a column of its own. */
function metadataJson({ correlationId, causationId, actor, tenantId, recordedAt, traceparent }: EventMetadata): string {
  return JSON.stringify({ correlationId, causationId, actor, tenantId, recordedAt, traceparent });
}

function validCategory(streamName: string): string {
  const category = categoryOf(streamName);
  if (category === '') throw new Error(`invalid stream name ${streamName}: it must be <category>-<id>`);
  return category;
}

/** Any order works as long as all processes use the same. */
function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
