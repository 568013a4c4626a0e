import type { CommandContext } from './aggregate.js';
import { deriveId } from './derive-id.js';
import type { EventMetadata } from './event-store.js';

/**
 * The next step of something that spans two streams. Whether the request takes it or, after a crash, a reactor does: the
 * ids are the same, so it happens once. It follows the command of the step before, or the metadata of its event.
 */
export const followUp = (
  { commandId, correlationId, actor, tenantId }: CommandContext | EventMetadata,
  label: string,
): CommandContext => ({
  commandId: deriveId(commandId, label),
  correlationId,
  causationId: commandId,
  actor,
  tenantId,
});
