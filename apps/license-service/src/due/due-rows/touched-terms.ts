import { type ProjectEvent, type ProjectEventType } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import { projectEventOf, projectOfStream } from '../../streams.js';

/** Most events of a project are about other things: they are not even decoded. */
export const ABOUT_TERMS: ReadonlySet<string> = new Set<ProjectEventType>([
  'GroupRelocated',
  'RestrictionChanged',
  'AllotmentsClamped',
  'AllotmentsTransferred',
  'LicenseGranted',
  'LicenseExtended',
  'LicenseRevoked',
  'BillingTermsSet',
  'UsagePeriodClosed',
]);

const ABOUT_PERIODS: ReadonlySet<string> = new Set<ProjectEventType>(['BillingTermsSet', 'UsagePeriodClosed']);

/** The groups and licenses of a project whose terms some events have changed. */
export interface TouchedProject {
  readonly projectId: string;
  /** Of the last of these events. */
  revision: number;
  /** The groups, with the instant of their last change. Licenses end for the main group, whose id is that of the project. */
  readonly groups: Map<string, number>;
  readonly licenses: Set<string>;
  /** Whether another billing period may have begun. */
  isPeriodTouched: boolean;
}

export function touchedBy(events: readonly RecordedEvent[]): readonly TouchedProject[] {
  const projects = new Map<string, TouchedProject>();
  for (const recorded of events) {
    const { type, streamName, revision } = recorded;
    if (!ABOUT_TERMS.has(type)) continue;
    const projectId = projectOfStream(streamName);
    const known = projects.get(projectId) ?? {
      projectId,
      revision,
      groups: new Map(),
      licenses: new Set(),
      isPeriodTouched: false,
    };
    known.revision = revision;
    known.isPeriodTouched ||= ABOUT_PERIODS.has(type);
    projects.set(projectId, known);
    touch(known, projectEventOf(recorded));
  }
  return [...projects.values()];
}

function touch({ projectId, groups, licenses }: TouchedProject, event: ProjectEvent): void {
  for (const groupId of groupsOf(event, projectId)) groups.set(groupId, Math.max(event.at, groups.get(groupId) ?? 0));
  if ('licenseId' in event.data) licenses.add(event.data.licenseId);
}

function groupsOf({ data }: ProjectEvent, projectId: string): readonly string[] {
  if ('licenseId' in data) return [projectId];
  if ('fromGroupId' in data) return [data.fromGroupId, data.toGroupId];
  return 'groupId' in data ? [data.groupId] : [];
}
