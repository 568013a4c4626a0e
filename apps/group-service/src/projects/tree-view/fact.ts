import { groupTreeAggregate, type TreeEvent } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';

/** An event with what its rows need besides. */
export interface Fact<Event extends TreeEvent = TreeEvent> {
  readonly event: Event;
  readonly projectId: string;
  readonly tenantId: string;
  readonly at: string;
  readonly position: bigint;
}

/** Of the `index`th row of an event; an event has at most 1,000. */
export const ordinal = ({ position }: Fact, index = 0): string => String(position * 1_000n + BigInt(index));

export const factOf = (recorded: RecordedEvent): Fact => ({
  event: groupTreeAggregate.decode(recorded.type, recorded.data),
  projectId: recorded.streamName.slice(recorded.streamName.indexOf('-') + 1),
  tenantId: recorded.metadata.tenantId ?? (recorded.data as { tenantId: string }).tenantId,
  at: recorded.metadata.recordedAt,
  position: recorded.position,
});
