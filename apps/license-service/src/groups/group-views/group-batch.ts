import type { Allotment, PlacedGroup, ProjectEvent, ProjectEventType } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { writeAllotments, type GroupAllotments } from './allotment-rows.js';
import { changeGroups, placeGroups, type NamedGroup, type PlacedRow } from './tree-rows.js';

/** The types of events that `GroupBatch.add` turns into rows. */
export const GROUP_BATCH_EVENTS = [
  'ProjectOpened',
  'GroupsPlaced',
  'GroupChanged',
  'RestrictionChanged',
  'AllotmentsClamped',
  'AllotmentsTransferred',
] as const satisfies readonly ProjectEventType[];

/** The row changes of a batch of events; the last change to each row wins. */
export class GroupBatch {
  private readonly placed: PlacedRow[] = [];
  private readonly changed = new Map<string, NamedGroup>();
  private readonly allotments = new Map<string, GroupAllotments>();

  add(projectId: string, event: ProjectEvent): void {
    switch (event.type) {
      case 'ProjectOpened': {
        const { name } = event.data;
        this.place(projectId, [{ groupId: projectId, parentId: null, type: 'company', name }]);
        break;
      }
      case 'GroupsPlaced':
        this.place(projectId, event.data.groups);
        break;
      case 'GroupChanged':
        this.changed.set(keyOf(projectId, event.data.groupId), { projectId, ...event.data });
        break;
      case 'RestrictionChanged':
      case 'AllotmentsClamped':
        this.allot(projectId, event.data.groupId, event.data.allotments);
        break;
      case 'AllotmentsTransferred':
        this.allot(projectId, event.data.fromGroupId, event.data.fromAllotments);
        this.allot(projectId, event.data.toGroupId, event.data.toAllotments);
        break;
      default:
    }
  }

  async write(tx: EntityManager): Promise<void> {
    await placeGroups(tx, this.placed);
    await changeGroups(tx, [...this.changed.values()]);
    await writeAllotments(tx, [...this.allotments.values()]);
  }

  private place(projectId: string, groups: readonly PlacedGroup[]): void {
    for (const group of groups) this.placed.push({ projectId, ...group });
  }

  private allot(projectId: string, groupId: string, allotments: readonly Allotment[]): void {
    this.allotments.set(keyOf(projectId, groupId), { projectId, groupId, allotments });
  }
}

const keyOf = (projectId: string, groupId: string): string => `${projectId} ${groupId}`;
