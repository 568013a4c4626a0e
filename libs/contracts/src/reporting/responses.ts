import { z } from 'zod';
import { AnyCloudEvent } from '../cloud-event.js';

const { tenantid, causationid } = AnyCloudEvent.shape;

/**
 * An integration event in the structured mode of CloudEvents; an attribute without a value is absent. Attributes that a later version
 * publishes pass.
 */
export const PulledEvent = AnyCloudEvent.omit({ traceparent: true })
  .extend({ tenantid: tenantid.unwrap().optional(), causationid: causationid.unwrap().optional() })
  .loose();
export type PulledEvent = z.infer<typeof PulledEvent>;

/** Events in their order. `next` is there on every page, for the request that goes on after it. */
export const EventsPage = z.object({
  items: z.array(PulledEvent),
  next: z.string(),
  /** There may be more already. */
  hasMore: z.boolean(),
});
export type EventsPage = z.infer<typeof EventsPage>;
