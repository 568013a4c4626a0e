import type {
  Allotment,
  AllotmentRef,
  AssignmentRef,
  PlacedGroup,
  ProjectEvent,
  RestrictionSettings,
} from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { AssignmentRows } from './assignment-rows.js';
import {
  writeAllotments,
  writeOwnLimits,
  writeSettings,
  type DatedGroup,
  type GroupAllotments,
} from './restriction-rows.js';
import { changeGroups, placeGroups, type NamedGroup, type PlacedRow } from './tree-rows.js';

type Settings = { readonly projectId: string; readonly groupId: string } & Omit<RestrictionSettings, 'allotments'>;

/** The row changes of a batch of events; the last change to each row wins. */
export class GroupBatch {
  private readonly placed: PlacedRow[] = [];
  private readonly changed = new Map<string, NamedGroup>();
  private readonly settings = new Map<string, Settings>();
  private readonly allotments = new Map<string, GroupAllotments>();
  /** Groups whose own limit is another now, and since when. */
  private readonly limited = new Map<string, DatedGroup>();
  private readonly assignments = new AssignmentRows();

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
        this.restrict(projectId, event);
        break;
      case 'AllotmentsClamped':
        this.allot(projectId, event.data.groupId, event.data.allotments, event.at);
        break;
      case 'AllotmentsTransferred':
        this.allot(projectId, event.data.fromGroupId, event.data.fromAllotments, event.at);
        this.allot(projectId, event.data.toGroupId, event.data.toAllotments, event.at);
        break;
      case 'AllotmentsStarted':
      case 'AllotmentsEnded':
      case 'GracePeriodsEnded':
        this.recount(projectId, event.data.allotments, event.at);
        break;
      case 'AssignmentMade':
        this.assignments.make(projectId, event);
        break;
      case 'AssignmentsSuspended':
        this.eachOf(event.data.assignments, (id) => this.assignments.suspend(projectId, id, true));
        break;
      case 'AssignmentsReinstated':
        this.eachOf(event.data.assignments, (id) => this.assignments.suspend(projectId, id, false));
        break;
      case 'AssignmentsReleased':
        this.eachOf(event.data.assignments, (id) => this.assignments.release(projectId, id));
        break;
      default:
    }
  }

  /** In this order: what counts needs the paths, limits need their allotments. */
  async write(tx: EntityManager): Promise<void> {
    await placeGroups(tx, this.placed);
    await changeGroups(tx, [...this.changed.values()]);
    await writeSettings(tx, [...this.settings.values()]);
    await writeAllotments(tx, [...this.allotments.values()]);
    await writeOwnLimits(tx, [...this.limited.values()]);
    await this.assignments.write(tx);
  }

  private place(projectId: string, groups: readonly PlacedGroup[]): void {
    for (const group of groups) this.placed.push({ projectId, ...group });
  }

  private restrict(projectId: string, { at, data }: Extract<ProjectEvent, { type: 'RestrictionChanged' }>): void {
    const { allotments, ...settings } = data;
    this.settings.set(keyOf(projectId, data.groupId), { projectId, ...settings });
    this.allot(projectId, data.groupId, allotments, at);
  }

  private allot(projectId: string, groupId: string, allotments: readonly Allotment[], at: number): void {
    const key = keyOf(projectId, groupId);
    this.allotments.set(key, { projectId, groupId, allotments });
    this.limited.set(key, { projectId, groupId, at });
  }

  private recount(projectId: string, refs: readonly AllotmentRef[], at: number): void {
    for (const { groupId } of refs) this.limited.set(keyOf(projectId, groupId), { projectId, groupId, at });
  }

  private eachOf(refs: readonly AssignmentRef[], change: (assignmentId: string) => void): void {
    for (const { assignmentId } of refs) change(assignmentId);
  }
}

const keyOf = (projectId: string, groupId: string): string => `${projectId} ${groupId}`;
