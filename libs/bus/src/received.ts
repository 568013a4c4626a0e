import { AnyCloudEvent, type CloudEvent } from '@allotree/contracts';
import { ONLY_FOR } from './dead-letter.js';

/** A message as an adapter read it from its topic. */
export interface Received {
  readonly key: string;
  /** `null`: it is not a valid event; `flaw` says why. */
  readonly event: CloudEvent | null;
  readonly flaw?: unknown;
  /** The group it is meant for; `null`: every group. */
  readonly onlyFor: string | null;
}

/** Checks the envelope; the handlers check the data. */
export function received(key: string, attributes: unknown): Received {
  const checked = AnyCloudEvent.safeParse(attributes);
  if (!checked.success) return { key, event: null, flaw: checked.error, onlyFor: onlyForOf(attributes) };
  return { key, event: attributes as CloudEvent, onlyFor: onlyForOf(attributes) };
}

function onlyForOf(attributes: unknown): string | null {
  const group = (attributes as Readonly<Record<string, unknown>> | null)?.[ONLY_FOR];
  return typeof group === 'string' ? group : null;
}
