import { groupTreeAggregate, type TreeEvent, type TreeEventOf } from '@allotree/domain';
import type { Projection } from '@allotree/event-sourcing';
import type { EntityManager } from 'typeorm';
import { TREE_VIEW } from '../../views.js';
import { factOf, type Fact } from './fact.js';
import {
  changeDetails,
  closeProjects,
  insertGroups,
  insertProjects,
  moveGroups,
  removeSubtrees,
} from './group-rows.js';
import { addDevices, addMembers, changeDevices, removeDevices, removeMembers } from './member-and-device-rows.js';

const APPLIERS: {
  readonly [Type in TreeEvent['type']]: (tx: EntityManager, facts: readonly Fact<TreeEventOf<Type>>[]) => Promise<void>;
} = {
  ProjectCreated: insertProjects,
  ProjectClosed: closeProjects,
  GroupCreated: insertGroups,
  GroupsGenerated: insertGroups,
  SubtreeAdopted: insertGroups,
  GroupDetailsChanged: changeDetails,
  GroupMoved: moveGroups,
  SubtreeRemoved: removeSubtrees,
  MemberAdded: addMembers,
  MemberRemoved: removeMembers,
  DeviceAdded: addDevices,
  DeviceExternalIdChanged: changeDevices,
  DeviceRemoved: removeDevices,
};

/** Consecutive events of one type: what one statement can write. */
function* runs(facts: readonly Fact[]): Generator<readonly Fact[]> {
  let from = 0;
  for (let at = 1; at <= facts.length; at += 1) {
    if (at < facts.length && facts[at]?.event.type === facts[from]?.event.type) continue;
    yield facts.slice(from, at);
    from = at;
  }
}

/** Projects, groups, members and devices as rows. */
export const treeView: Projection = {
  name: TREE_VIEW,
  categories: [groupTreeAggregate.category],
  batchSize: 500,
  async apply(events, tx) {
    for (const run of runs(events.map(factOf))) {
      const [first] = run;
      if (first)
        await (APPLIERS[first.event.type] as (tx: EntityManager, facts: readonly Fact[]) => Promise<void>)(tx, run);
    }
  },
  tables: [{ name: 'project' }, { name: 'group_node' }, { name: 'member' }, { name: 'device' }],
};
