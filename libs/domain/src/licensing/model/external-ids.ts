import type { ProjectState } from './state.js';
import type { Table } from './table.js';

function replace(ids: Table<string>, holder: string, former: string | null, externalId: string | null): void {
  if (former !== null) ids.remove(former);
  if (externalId !== null) ids.put(externalId, holder);
}

/** Gives a license another external id, or (`null`) none. */
export function identifyLicense(state: ProjectState, licenseId: string, externalId: string | null): void {
  const license = state.licenses.get(licenseId);
  if (!license) return;
  replace(state.externalIds.license, licenseId, license.externalId, externalId);
  state.licenses.put(licenseId, { ...license, externalId });
}

/** Gives an assignment another external id, or (`null`) none. */
export function identifyAssignment(state: ProjectState, assignmentId: string, externalId: string | null): void {
  const assignment = state.assignments.edit(assignmentId);
  if (!assignment) return;
  replace(state.externalIds.assignment, assignmentId, assignment.externalId, externalId);
  assignment.externalId = externalId;
}
