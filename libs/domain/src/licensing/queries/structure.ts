import type { Allotment, Place, ProjectEvent, RestrictionSettings } from '../model/events.js';
import { plainAllotment, type ProjectState } from '../model/state.js';

/** The Licenses section of a group, and the place it was set from (R9); `place: null`: not recorded. */
export interface RestrictionSection extends RestrictionSettings {
  readonly place: Place | null;
}

/**
 * The tree of a project and the Licenses sections of its groups, folded from the same events as the state but a fraction of its
 * size. It answers which path and which section a group had after each event. Events that were applied since the last
 * `keep` can be undone.
 */
export class ProjectStructure {
  /** `null` for the root. */
  private readonly parents = new Map<string, string | null>();
  private readonly sections = new Map<string, RestrictionSection>();
  private undoSteps: (() => void)[] = [];
  private relocatedFrom: readonly string[] = [];

  /** The structure of a state. Costs its groups. */
  static of(state: ProjectState): ProjectStructure {
    const structure = new ProjectStructure();
    for (const [groupId, { parentId }] of state.groups.entries()) structure.parents.set(groupId, parentId);
    for (const [groupId, restriction] of state.restrictions.entries()) {
      const { enabled, poolMode, gracePeriodDays, reminder, place } = restriction;
      const allotments = restriction.allotments.map(plainAllotment);
      structure.sections.set(groupId, { enabled, poolMode, gracePeriodDays, reminder, allotments, place });
    }
    return structure;
  }

  /** Groups below a removed one stay counted, because nothing refers to them any more. */
  get size(): number {
    return this.parents.size;
  }

  /** Makes the events applied so far final. */
  keep(): void {
    this.undoSteps = [];
  }

  /** Undoes the events applied since the last `keep`. */
  undo(): void {
    for (const undo of this.undoSteps.reverse()) undo();
    this.undoSteps = [];
  }

  apply(event: ProjectEvent): void {
    switch (event.type) {
      case 'ProjectOpened':
        this.place(event.data.projectId, null);
        break;
      case 'GroupsPlaced':
        for (const { groupId, parentId } of event.data.groups) this.place(groupId, parentId);
        break;
      case 'GroupRelocated':
        this.relocatedFrom = this.pathTo(event.data.groupId);
        this.put(this.parents, event.data.groupId, event.data.parentId);
        break;
      case 'GroupRemoved':
        this.forget(event.data.groupId);
        break;
      case 'RestrictionChanged': {
        const { groupId, ...section } = event.data;
        this.put(this.sections, groupId, section);
        break;
      }
      case 'AllotmentsClamped':
        this.replace(event.data.groupId, event.data.allotments, null);
        break;
      case 'AllotmentsTransferred': {
        const { fromGroupId, fromAllotments, fromPlace, toGroupId, toAllotments, toPlace } = event.data;
        this.replace(fromGroupId, fromAllotments, fromPlace);
        this.replace(toGroupId, toAllotments, toPlace);
        break;
      }
      default:
    }
  }

  /** The ids from the root to a group. Costs the depth of the group. */
  pathTo(groupId: string): readonly string[] {
    const path: string[] = [];
    for (let id: string | null = groupId; id !== null; id = this.parents.get(id) ?? null) path.push(id);
    return path.reverse();
  }

  /** The path that the group of the last `GroupRelocated` had before it. */
  get previousPath(): readonly string[] {
    return this.relocatedFrom;
  }

  /** The section of a group; `null`: it never had one. */
  sectionOf(groupId: string): RestrictionSection | null {
    return this.sections.get(groupId) ?? null;
  }

  /** A group that comes back under its old id begins without a section. */
  private place(groupId: string, parentId: string | null): void {
    this.put(this.parents, groupId, parentId);
    this.put(this.sections, groupId, undefined);
  }

  private forget(groupId: string): void {
    this.put(this.parents, groupId, undefined);
    this.put(this.sections, groupId, undefined);
  }

  private replace(groupId: string, allotments: readonly Allotment[], place: Place | null): void {
    const section = this.sections.get(groupId);
    if (section) this.put(this.sections, groupId, { ...section, allotments, place: place ?? section.place });
  }

  private put<Value>(map: Map<string, Value>, groupId: string, value: Value | undefined): void {
    const before = map.get(groupId);
    if (before === value) return;
    this.undoSteps.push(() => change(map, groupId, before));
    change(map, groupId, value);
  }
}

/** `undefined` removes the entry. */
function change<Value>(map: Map<string, Value>, groupId: string, value: Value | undefined): void {
  if (value === undefined) map.delete(groupId);
  else map.set(groupId, value);
}
