import type { Instant } from '../../decision.js';
import { PAUSE_EVERY, type Slices } from '../../slices.js';
import type { ProjectEvent, ProjectEventOf, ProjectEventType } from './events.js';
import { evolve } from './evolve.js';
import type { RefusedItem } from './refusals.js';
import { draftOf, type CurrentState, type ProjectState } from './state.js';

/** The longest list in one event; a longer one becomes several events of one instant. */
const LONGEST_LIST = 1_000;

/**
 * Collects the events of one decision. Reading `state` applies every event recorded so far to a draft, so the two never
 * differ, and an event whose effect nothing reads costs nothing.
 */
export class Recorder<State extends ProjectState = ProjectState> {
  private readonly recorded: ProjectEvent[] = [];
  private readonly refusedItems: RefusedItem[] = [];
  private draft: ProjectState;
  private applied = 0;

  constructor(
    state: ProjectState,
    private instant: Instant,
  ) {
    this.draft = draftOf(state);
  }

  get events(): readonly ProjectEvent[] {
    return this.recorded;
  }

  /** The instant of the events recorded from now on. */
  get at(): Instant {
    return this.instant;
  }

  get state(): State {
    while (this.applied < this.recorded.length) evolve(this.draft, this.recorded[this.applied++]!);
    return this.draft as State;
  }

  /** Applies the events recorded so far in slices, so that reading `state` is cheap. */
  *catchUp(): Slices<void> {
    while (this.applied < this.recorded.length) {
      if (this.applied % PAUSE_EVERY === 0) yield;
      evolve(this.draft, this.recorded[this.applied++]!);
    }
  }

  advanceTo(at: Instant): void {
    this.instant = at;
  }

  record<Type extends ProjectEventType>(type: Type, data: ProjectEventOf<Type>['data']): void {
    this.recorded.push({ type, at: this.instant, data } as ProjectEvent);
  }

  /** The items of a list that are refused while the others are recorded. */
  get declined(): readonly RefusedItem[] {
    return this.refusedItems;
  }

  decline(items: readonly RefusedItem[]): void {
    this.refusedItems.push(...items);
  }

  /** Returns the state so far, which later events leave unchanged: for comparing before and after. */
  branch(): State {
    const before = this.state;
    this.draft = draftOf(before);
    return before;
  }
}

/** A recorder whose state is current, as every decision needs it (U5). */
export type CurrentRecorder = Recorder<CurrentState>;

export function inChunks<Item>(items: readonly Item[]): Item[][] {
  const chunks: Item[][] = [];
  for (let start = 0; start < items.length; start += LONGEST_LIST)
    chunks.push(items.slice(start, start + LONGEST_LIST));
  return chunks;
}
