import type { ProjectCommand } from '../model/commands.js';
import type { ProjectEvent } from '../model/events.js';
import { evolve } from '../model/evolve.js';
import type { ProjectRefusal } from '../model/refusals.js';
import { draftOf, type ProjectState } from '../model/state.js';
import { decideInSlices } from './decide.js';
import { atOnce, PAUSE_EVERY, type Slices } from '../../slices.js';
import { checkRelocation } from './relocation-checks.js';

/** The events and refusals of commands that are decided one after the other. */
export interface Rehearsal {
  readonly events: readonly ProjectEvent[];
  /** The commands that were refused, by their place; those after them are decided without them. */
  readonly refusals: readonly { readonly index: number; readonly refusal: ProjectRefusal }[];
}

/**
 * Decides commands one after the other, each on the state after those before it, and records nothing (R7). A group that
 * moves is checked as the group service has it checked before it decides a move (G3).
 */
export const rehearse = (state: ProjectState, commands: readonly ProjectCommand[]): Rehearsal =>
  atOnce(rehearseInSlices(state, commands));

/** The same in slices. */
export function* rehearseInSlices(state: ProjectState, commands: readonly ProjectCommand[]): Slices<Rehearsal> {
  const trial = draftOf(state);
  const events: ProjectEvent[] = [];
  const refusals: { index: number; refusal: ProjectRefusal }[] = [];
  for (const [index, command] of commands.entries()) {
    yield;
    const misplaced = command.type === 'RelocateGroup' ? checkRelocation(trial, command) : null;
    const decision = misplaced ? { ok: false as const, refusal: misplaced } : yield* decideInSlices(trial, command);
    if (!decision.ok) {
      refusals.push({ index, refusal: decision.refusal });
      continue;
    }
    for (const event of decision.events) {
      if (events.push(event) % PAUSE_EVERY === 0) yield;
      evolve(trial, event);
    }
  }
  return { events, refusals };
}
