import type { Instant } from '../../decision.js';
import type { ProjectEvent, ProjectEventOf, ProjectEventType } from './events.js';
import { evolve } from './evolve.js';
import { draftOf, type ProjectState } from './state.js';

/** An event with a list in it names so many things at most; a longer list becomes several events of one instant. */
const LONGEST_LIST = 1_000;

/** Collects the events of one decision while they take effect on a draft of the state. */
export class Recorder {
  readonly events: ProjectEvent[] = [];
  state: ProjectState;

  constructor(
    state: ProjectState,
    public at: Instant,
  ) {
    this.state = draftOf(state);
  }

  /** Records an event and applies it. */
  emit<Type extends ProjectEventType>(type: Type, data: ProjectEventOf<Type>['data']): void {
    evolve(this.state, this.record(type, data));
  }

  /** Records an event whose effect the rest of the decision does not need. */
  record<Type extends ProjectEventType>(type: Type, data: ProjectEventOf<Type>['data']): ProjectEvent {
    const event = { type, at: this.at, data } as ProjectEvent;
    this.events.push(event);
    return event;
  }

  /** Keeps the state as it is now and goes on with a draft over it: for comparing before and after. */
  branch(): ProjectState {
    const before = this.state;
    this.state = draftOf(before);
    return before;
  }
}

export function inChunks<Item>(items: readonly Item[]): Item[][] {
  const chunks: Item[][] = [];
  for (let start = 0; start < items.length; start += LONGEST_LIST)
    chunks.push(items.slice(start, start + LONGEST_LIST));
  return chunks;
}
