import { deriveId, type CommandContext } from '@allotree/event-sourcing';

/**
 * The next step of something that spans two streams. Whether the request takes it or, after a crash, a reactor does: the
 * ids are the same, so it happens once.
 */
export const followUp = (
  {
    commandId,
    correlationId,
    actor,
    tenantId,
  }: Pick<CommandContext, 'commandId' | 'correlationId' | 'actor' | 'tenantId'>,
  label: string,
): CommandContext => ({
  commandId: deriveId(commandId, label),
  correlationId,
  causationId: commandId,
  actor,
  tenantId,
});
