import type { TreeCommand } from './commands.js';
import { treeCodec } from './codec.js';
import { decideGroupTree } from './decide.js';
import type { TreeEvent } from './events.js';
import { decodeTreeSnapshot, encodeTreeSnapshot, sizeOfGroupTree, TREE_SNAPSHOT_VERSION } from './snapshot.js';
import { treeSettingOf, treeSettingsOf } from './settings.js';
import { evolveGroupTree, initialGroupTree, type GroupTreeState } from './state.js';

/**
 * The groups, members and devices of one project (G1, G2, G3's part of the tree, G4); stream
 * `group_tree-<projectId>`. A command costs O(depth) plus the groups it changes (all generated groups, or
 * the removed subtree); a snapshot costs the whole tree. The first lookup of a name below a parent indexes its children.
 */
export const groupTreeAggregate = {
  category: 'group_tree',
  initial: initialGroupTree,
  evolve: (state: GroupTreeState, event: TreeEvent) => evolveGroupTree(state, event),
  decide: (state: GroupTreeState, command: TreeCommand) => decideGroupTree(state, command),
  eventTypes: treeCodec.types,
  encode: treeCodec.encode,
  decode: treeCodec.decode,
  tenantOf: (state: GroupTreeState): string | null => state.project?.tenantId ?? null,
  settingsOf: treeSettingsOf,
  settingOf: treeSettingOf,
  snapshot: {
    version: TREE_SNAPSHOT_VERSION,
    every: 100,
    encode: encodeTreeSnapshot,
    decode: decodeTreeSnapshot,
    sizeOf: sizeOfGroupTree,
  },
} as const;
