import type { CloudEvent } from '../cloud-event.js';
import type { PulledEvent } from '../reporting/responses.js';

/** Attributes that are about one delivery on the bus. */
const OF_A_DELIVERY: ReadonlySet<string> = new Set(['traceparent', 'onlyfor']);

/** An event of the bus in the structured mode, as `GET /events` has it: an attribute without a value is absent. */
export const pulledEventOf = (event: CloudEvent): PulledEvent =>
  Object.fromEntries(
    Object.entries(event).filter(
      ([name, value]) => name === 'data' || (value !== null && value !== undefined && !OF_A_DELIVERY.has(name)),
    ),
  ) as PulledEvent;
