import type { SubtreeOrigin } from '@allotree/domain';
import type { CommandContext } from '@allotree/event-sourcing';
import { Problem } from '@allotree/http';
import type { Trees } from '../trees.js';

/** Whether the subtree can no longer be removed: it is gone, or its project was closed. */
const STAYS: ReadonlySet<string> = new Set(['NOT_FOUND', 'PROJECT_CLOSED']);

/** Removes an adopted subtree from its former project; already removed counts as done. */
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
