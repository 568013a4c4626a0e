import { refuseExternalId, tidyExternalId } from '../../external-ids.js';
import type { ProjectCommandOf } from '../model/commands.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { SingleRefusal } from '../model/refusals.js';
import type { ProjectState } from '../model/state.js';

/** The stored form of the external id that a command names; `null`: none. */
export const namedExternalId = (sent: string | null | undefined): string | null =>
  sent === null || sent === undefined ? null : tidyExternalId(sent);

/** As events carry it: absent where there is none. */
export const factOfExternalId = (externalId: string | null): { readonly externalId?: string } =>
  externalId === null ? {} : { externalId };

/** Refuses a malformed external id and one that another thing of its kind has. `null`: it is accepted, or there is none. */
export function externalIdFault(
  state: ProjectState,
  kind: 'license' | 'assignment',
  externalId: string | null,
): SingleRefusal | null {
  if (externalId === null) return null;
  const malformed = refuseExternalId('externalId', externalId);
  if (malformed) return malformed.refusal;
  const holderId = state.externalIds[kind].get(externalId);
  if (holderId === undefined) return null;
  const groupId = kind === 'assignment' ? state.assignments.get(holderId)!.groupId : null;
  return { code: 'EXTERNAL_ID_TAKEN', kind, externalId, holderId, groupId };
}

/** Names a license. A revoked one stays as it is, without an external id. */
export function setLicenseExternalId(
  recorder: CurrentRecorder,
  { licenseId, externalId: sent }: ProjectCommandOf<'SetLicenseExternalId'>,
): SingleRefusal | null {
  const license = recorder.state.licenses.get(licenseId);
  if (!license) return { code: 'NOT_FOUND', what: 'license', id: licenseId };
  if (license.revokedReason !== null) return { code: 'LICENSE_REVOKED', licenseId };
  const externalId = namedExternalId(sent);
  if (externalId === license.externalId) return null;
  const fault = externalIdFault(recorder.state, 'license', externalId);
  if (fault) return fault;
  recorder.record('LicenseExternalIdChanged', { licenseId, externalId });
  return null;
}

export function setAssignmentExternalId(
  recorder: CurrentRecorder,
  { assignmentId, groupId, externalId: sent }: ProjectCommandOf<'SetAssignmentExternalId'>,
): SingleRefusal | null {
  const assignment = recorder.state.assignments.get(assignmentId);
  if (!assignment || assignment.groupId !== groupId) return { code: 'NOT_FOUND', what: 'assignment', id: assignmentId };
  const externalId = namedExternalId(sent);
  if (externalId === assignment.externalId) return null;
  const fault = externalIdFault(recorder.state, 'assignment', externalId);
  if (fault) return fault;
  const { resource, externalId: previousExternalId } = assignment;
  const changed = { assignmentId, groupId, resource, externalId, previousExternalId };
  recorder.record('AssignmentExternalIdChanged', changed);
  return null;
}
