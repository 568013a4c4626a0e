import type { SubtreeOrigin } from '@allotree/domain';
import type { CommandContext } from '@allotree/event-sourcing';
import { Problem } from '@allotree/platform';
import type { Trees } from '../../trees.js';

/** Left where it was for good: gone, or in a project that was closed since. */
const STAYS: ReadonlySet<string> = new Set(['NOT_FOUND', 'PROJECT_CLOSED']);

/** Removes what another project has taken in from where it was; nothing there any more is as good. */
export async function departed(
  trees: Trees,
  { projectId, groupId }: SubtreeOrigin,
  context: CommandContext,
): Promise<void> {
  try {
    await trees.run({ type: 'RemoveSubtree', projectId, groupId }, { context, dryRun: false });
  } catch (error) {
    if (!(error instanceof Problem) || !STAYS.has(error.code)) throw error;
  }
}
