import type { SubtreeOrigin } from '@allotree/domain';
import type { CommandContext } from '@allotree/event-sourcing';
import { Problem } from '@allotree/platform';
import type { Trees } from '../../trees.js';

/** Removes what another project has taken in from where it was; nothing there any more is as good. */
export async function departed(
  trees: Trees,
  { projectId, groupId }: SubtreeOrigin,
  context: CommandContext,
): Promise<void> {
  try {
    await trees.run({ type: 'RemoveSubtree', projectId, groupId }, { context, dryRun: false });
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'NOT_FOUND') throw error;
  }
}
