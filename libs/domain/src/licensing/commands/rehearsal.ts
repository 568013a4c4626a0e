import type { ProjectCommand } from '../model/commands.js';
import type { ProjectEvent } from '../model/events.js';
import { evolve } from '../model/evolve.js';
import type { ProjectRefusal } from '../model/refusals.js';
import { draftOf, type ProjectState } from '../model/state.js';
import { decide } from './decide.js';
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
export function rehearse(state: ProjectState, commands: readonly ProjectCommand[]): Rehearsal {
  const trial = draftOf(state);
  const events: ProjectEvent[] = [];
  const refusals: { index: number; refusal: ProjectRefusal }[] = [];
  for (const [index, command] of commands.entries()) {
    const misplaced = command.type === 'RelocateGroup' ? checkRelocation(trial, command) : null;
    const decision = misplaced ? { ok: false as const, refusal: misplaced } : decide(trial, command);
    if (!decision.ok) {
      refusals.push({ index, refusal: decision.refusal });
      continue;
    }
    for (const event of decision.events) {
      events.push(event);
      evolve(trial, event);
    }
  }
  return { events, refusals };
}
