import type { ProjectCommand, ProjectCommandOf, ProjectCommandType } from '../model/commands.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { ProjectRefusal } from '../model/refusals.js';
import type { ProjectState } from '../model/state.js';

/** Commands that a closed project still records: facts of the group service, and effects of time (E1). */
const RECORDED_WHEN_CLOSED: ReadonlySet<ProjectCommandType> = new Set([
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
  'CloseUsagePeriod',
  'CorrectClock',
]);

/** A license that was due to the project before it closed: from its registration, or from a stock that was debited. */
const isOwed = (command: ProjectCommand): boolean =>
  command.type === 'GrantLicense' && (command.isDebited === true || command.source.kind === 'registration');

/** Refuses decisions on a closed project. `null`: the command is decided as usual. */
export function closedProject({ totals }: ProjectState, command: ProjectCommand): ProjectRefusal | null {
  const { project, closedReason: reason } = totals;
  if (project === null || reason === null) return null;
  if (RECORDED_WHEN_CLOSED.has(command.type) || isOwed(command)) return null;
  return { code: 'PROJECT_CLOSED', projectId: project.projectId, reason };
}

/** Records the closing as a fact: use continues until its license ends, and nothing returns to a stock (L4). */
export function closeLicensing(recorder: CurrentRecorder, { reason }: ProjectCommandOf<'CloseProject'>): null {
  if (recorder.state.totals.closedReason === null) recorder.record('LicensingClosed', { reason });
  return null;
}
