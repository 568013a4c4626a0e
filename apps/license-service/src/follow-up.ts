import { deriveId, type CommandContext, type RecordedEvent } from '@allotree/event-sourcing';

/**
 * The second half of something that spans two streams. Whether the request goes on with it or, after a crash, a
 * reactor does: the ids are the same, so it happens once.
 */
export const followUp = (
  { commandId, correlationId, actor, tenantId }: CommandContext,
  label: string,
): CommandContext => ({
  commandId: deriveId(commandId, label),
  correlationId,
  causationId: commandId,
  actor,
  tenantId,
});

export const followUpOf = ({ metadata }: RecordedEvent, label: string): CommandContext => followUp(metadata, label);
