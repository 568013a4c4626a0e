import { Injectable } from '@nestjs/common';
import type { GroupDetails } from '@allotree/contracts';
import { groupOf, groupSetting } from '@allotree/domain';
import { notFound, type Caller } from '@allotree/http';
import { Trees } from './trees.js';

/** A group as routes answer it: exact for the moment, with its own revision as ETag. */
@Injectable()
export class Groups {
  constructor(private readonly trees: Trees) {}

  /** @throws Problem `NOT_FOUND` */
  async show(projectId: string, groupId: string, caller: Caller): Promise<GroupDetails> {
    const { group, revision } = await this.trees.look(projectId, (state, _revision, revisionOf) => ({
      group: groupOf(state, groupId),
      revision: revisionOf(groupSetting(groupId)),
    }));
    if (group === null) throw notFound('group', groupId);
    caller.answerRevision(revision);
    return { ...group, path: [...group.path] };
  }
}

export const GROUP_EXAMPLE = {
  groupId: 'unit-1',
  parentId: 'building-a',
  type: 'unit',
  name: 'Unit 1',
  externalId: 'ERP-4711',
  hasChildren: false,
  path: [
    { groupId: 'hafenblick', name: 'Hafenblick' },
    { groupId: 'building-a', name: 'Building A' },
    { groupId: 'unit-1', name: 'Unit 1' },
  ],
};
