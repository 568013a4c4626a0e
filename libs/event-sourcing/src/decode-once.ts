import type { RecordedEvent } from './event-store.js';

/**
 * Decodes the recorded events of an aggregate. The subscriptions of a process that have caught up are given the same recorded
 * events, so each is decoded once for all of them. They must not modify what they get.
 */
export function decodeOnce<Event extends object>({
  decode,
}: {
  readonly decode: (type: string, data: unknown) => Event;
}): (recorded: RecordedEvent) => Event {
  const decoded = new WeakMap<RecordedEvent, Event>();
  return (recorded) => {
    const known = decoded.get(recorded);
    if (known !== undefined) return known;
    const event = decode(recorded.type, recorded.data);
    decoded.set(recorded, event);
    return event;
  };
}
