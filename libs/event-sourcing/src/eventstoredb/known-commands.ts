import { LRUCache } from 'lru-cache';
import type { RecordedEvent } from '../event-store.js';

/** Upper bound on remembered events over all streams, at about 150 bytes each. */
const MAX_COMMANDS = 300_000;

interface Known {
  /** Last revision that was read. */
  upTo: number;
  /** First and last revision of the events of each command. */
  readonly places: Map<string, Place>;
}

interface Place {
  readonly first: number;
  readonly last: number;
}

/**
 * Finds the events of a command in a stream. The store has no index for that: a stream is read once from the beginning,
 * and then only its new events, as long as it stays in the cache.
 */
export class KnownCommands {
  readonly #streams: LRUCache<string, Known>;

  constructor(
    private readonly readStream: (streamName: string, fromRevision: number) => AsyncIterable<RecordedEvent>,
    maxCommands = MAX_COMMANDS,
  ) {
    this.#streams = new LRUCache({ maxSize: maxCommands, sizeCalculation: ({ places }) => places.size + 1 });
  }

  async find(streamName: string, commandId: string): Promise<Place | null> {
    const known: Known = this.#streams.get(streamName) ?? { upTo: -1, places: new Map() };
    for await (const { revision, metadata } of this.readStream(streamName, known.upTo + 1)) {
      // A concurrent lookup may have read further.
      const first = known.places.get(metadata.commandId)?.first ?? revision;
      known.places.set(metadata.commandId, { first: Math.min(first, revision), last: revision });
      known.upTo = Math.max(known.upTo, revision);
    }
    this.#streams.set(streamName, known);
    return known.places.get(commandId) ?? null;
  }
}
