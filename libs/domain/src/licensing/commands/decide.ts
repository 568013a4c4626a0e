import { accept, refuse, type Decision } from '../../decision.js';
import type { Slices } from '../../slices.js';
import type { ProjectCommand, ProjectCommandOf, ProjectCommandType } from '../model/commands.js';
import type { ProjectEvent } from '../model/events.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { ProjectRefusal } from '../model/refusals.js';
import type { ProjectState } from '../model/state.js';
import { catchUp } from '../time/catch-up.js';
import { clockBehind, correctClock } from '../time/clock.js';
import { assignUnits, releaseAssignments } from './assignment-batches.js';
import { assignUnit, releaseAssignment } from './assignments.js';
import { closeUsagePeriod, setBillingTerms } from './billing.js';
import { closeLicensing, closedProject } from './closing.js';
import { setAssignmentExternalId, setLicenseExternalId } from './external-ids.js';
import {
  addDevice,
  changeGroup,
  openProject,
  placeGroups,
  relocateGroup,
  removeDevice,
  removeGroup,
} from './groups.js';
import { extendLicense, grantLicense, reinstateLicense, revokeLicense, suspendLicense } from './licenses.js';
import { removeMember, setMemberLimits } from './members.js';
import { setRestriction, setRestrictions, setRestrictionsInSlices } from './restrictions.js';
import { transferAllotments } from './transfers.js';

/**
 * Decides a command on a project. First records everything that became due up to its instant (U5), then the command's own
 * events and their effects. `state` is unchanged. No events: already so.
 */
export function decide(state: ProjectState, command: ProjectCommand): Decision<ProjectEvent, ProjectRefusal> {
  const undecided = undecidable(state, command);
  if (undecided) return refuse(undecided);
  if (command.type === 'CorrectClock') return accept(correctClock(state, command));
  const recorder = catchUp(state, command.now);
  const refusal = (decisions[command.type] as Decide<ProjectCommandType>)(recorder, command);
  return refusal ? refuse(refusal) : accept(recorder.events, recorder.declined);
}

/** The same with the long commands in slices. */
export function* decideInSlices(
  state: ProjectState,
  command: ProjectCommand,
): Slices<Decision<ProjectEvent, ProjectRefusal>> {
  if (command.type !== 'SetRestrictions') return decide(state, command);
  const undecided = undecidable(state, command);
  if (undecided) return refuse(undecided);
  const recorder = catchUp(state, command.now);
  const refusal = yield* setRestrictionsInSlices(recorder, command);
  return refusal ? refuse(refusal) : accept(recorder.events, recorder.declined);
}

/** Why nothing is decided on a project at the instant of a command. */
function undecidable(state: ProjectState, command: ProjectCommand): ProjectRefusal | null {
  if (!state.totals.project && command.type !== 'OpenProject') return { code: 'NOT_FOUND', what: 'project', id: '' };
  return closedProject(state, command) ?? clockBehind(state, command);
}

type Decide<Type extends ProjectCommandType> = (
  recorder: CurrentRecorder,
  command: ProjectCommandOf<Type>,
) => ProjectRefusal | null;

const decisions: { readonly [Type in ProjectCommandType]: Decide<Type> } = {
  OpenProject: openProject,
  PlaceGroups: placeGroups,
  ChangeGroup: changeGroup,
  RelocateGroup: relocateGroup,
  RemoveGroup: removeGroup,
  AddDevice: addDevice,
  RemoveDevice: removeDevice,
  RemoveMember: removeMember,
  CloseProject: closeLicensing,
  GrantLicense: grantLicense,
  ExtendLicense: extendLicense,
  SuspendLicense: suspendLicense,
  ReinstateLicense: reinstateLicense,
  RevokeLicense: revokeLicense,
  SetLicenseExternalId: setLicenseExternalId,
  SetRestriction: setRestriction,
  SetRestrictions: setRestrictions,
  TransferAllotments: transferAllotments,
  AssignUnit: assignUnit,
  AssignUnits: assignUnits,
  SetAssignmentExternalId: setAssignmentExternalId,
  ReleaseAssignment: releaseAssignment,
  ReleaseAssignments: releaseAssignments,
  SetMemberLimits: setMemberLimits,
  SetBillingTerms: setBillingTerms,
  CloseUsagePeriod: closeUsagePeriod,
  CorrectClock: () => null,
  TakeEffect: () => null,
};
