import type { ProjectCommand, ProjectCommandOf, ProjectCommandType } from '../model/commands.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { ProjectRefusal } from '../model/refusals.js';
import type { ProjectState } from '../model/state.js';

/** What is recorded on a closed project too: facts of the group service, and what time does by itself (E1). */
const RECORDED_NEVERTHELESS: ReadonlySet<ProjectCommandType> = new Set([
  'OpenProject',
  'PlaceGroups',
  'ChangeGroup',
  'RelocateGroup',
  'RemoveGroup',
  'AddDevice',
  'RemoveDevice',
  'RemoveMember',
  'CloseProject',
  'TakeEffect',
  'CorrectClock',
]);

/** A license the project was to get before it was closed: out of its registration, or out of a stock that was debited. */
const isOwed = (command: ProjectCommand): boolean =>
  command.type === 'GrantLicense' && (command.isDebited === true || command.source.kind === 'registration');

/** Refuses every decision on a closed project. `null`: the command is decided as ever. */
export function closedProject({ totals }: ProjectState, command: ProjectCommand): ProjectRefusal | null {
  const { project, closedReason: reason } = totals;
  if (project === null || reason === null) return null;
  if (RECORDED_NEVERTHELESS.has(command.type) || isOwed(command)) return null;
  return { code: 'PROJECT_CLOSED', projectId: project.projectId, reason };
}

/** A fact of the group service: what is in use stays in use until its license ends, and nothing returns to a stock (L4). */
export function closeLicensing(recorder: CurrentRecorder, { reason }: ProjectCommandOf<'CloseProject'>): null {
  if (recorder.state.totals.closedReason === null) recorder.record('LicensingClosed', { reason });
  return null;
}
