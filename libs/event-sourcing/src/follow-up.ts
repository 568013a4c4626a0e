import type { CommandContext } from './aggregate.js';
import { deriveId } from './derive-id.js';
import type { EventMetadata } from './event-store.js';

/**
 * Context of the next command of a process that spans two streams. The ids are the same whether the request or, after a
 * crash, a reactor takes the step, so it happens once. Derived from the previous command or the metadata of its event.
 */
export const followUp = (
  { commandId, correlationId, actor, tenantId, traceparent }: CommandContext | EventMetadata,
  label: string,
): CommandContext => ({
  commandId: deriveId(commandId, label),
  correlationId,
  causationId: commandId,
  actor,
  tenantId,
  ...(traceparent !== undefined && { traceparent }),
});
