import type { LicensingEventData } from '@allotree/contracts';
import type {
  LicenseSource,
  PartnerStockEvent,
  ProjectEvent,
  ProjectEventType,
  ProjectStructure,
} from '@allotree/domain';
import { assignmentLists, placedRef } from './assignments.js';
import { closedPeriod } from './billing.js';
import { contentOf, iso, isoOrNull, packageOf } from './content.js';
import type { Outgoing } from './outgoing.js';
import { restrictionChanged, sectionChanged } from './restrictions.js';

/** The events of a project whose integration events say more than the event itself. */
export const NEEDS_STRUCTURE: ReadonlySet<string> = new Set<ProjectEventType>([
  'GroupRelocated',
  'AllotmentsClamped',
  'AllotmentsTransferred',
  'AssignmentMade',
  'AssignmentExternalIdChanged',
  'AssignmentsMade',
  'AssignmentsReleased',
  'AssignmentsSuspended',
  'AssignmentsReinstated',
]);

function sourceOf(source: LicenseSource): LicensingEventData<'allotree.license-granted.v1'>['source'] {
  if (source.kind !== 'package') return source;
  return { kind: 'package', partnerId: source.partnerId, packageId: source.packageId };
}

function known(structure: ProjectStructure | null): ProjectStructure {
  if (!structure) throw new Error('the structure of the project is unknown');
  return structure;
}

/**
 * Maps a private event of a project to its integration events; empty for internal events.
 * @param structure the project as the event left it; `null` only for an event outside `NEEDS_STRUCTURE`
 */
export function projectIntegrationEvents(
  projectId: string,
  { type, data }: ProjectEvent,
  structure: ProjectStructure | null,
): readonly Outgoing[] {
  switch (type) {
    case 'LicenseGranted': {
      const { licenseId, type: licenseType, source, externalId } = data;
      const granted = { projectId, licenseId, type: licenseType, ...contentOf(data), source: sourceOf(source) };
      const named = externalId === undefined ? granted : { ...granted, externalId };
      return [{ type: 'allotree.license-granted.v1', data: named }];
    }
    case 'LicenseExtended':
      return [
        {
          type: 'allotree.license-extended.v1',
          data: { projectId, licenseId: data.licenseId, validUntil: isoOrNull(data.validUntil) },
        },
      ];
    case 'LicenseSuspended': {
      const { licenseId, reason } = data;
      return [{ type: 'allotree.license-suspended.v1', data: { projectId, licenseId, reason } }];
    }
    case 'LicenseReinstated':
      return [{ type: 'allotree.license-reinstated.v1', data: { projectId, ...data } }];
    case 'LicenseRevoked':
      return [{ type: 'allotree.license-revoked.v1', data: { projectId, ...data } }];
    case 'LicenseExternalIdChanged':
      return [{ type: 'allotree.license-changed.v1', data: { projectId, ...data } }];
    case 'LicenseStarted':
      return [{ type: 'allotree.license-started.v1', data: { projectId, ...data } }];
    case 'LicenseExpired':
      return [{ type: 'allotree.license-expired.v1', data: { projectId, ...data } }];
    case 'BasicLicenseStarted':
      return [{ type: 'allotree.basic-license-started.v1', data: { projectId, ...data } }];
    case 'BasicLicenseEnded':
      return [{ type: 'allotree.basic-license-ended.v1', data: { projectId, ...data } }];
    case 'RestrictionChanged': {
      const { groupId, ...section } = data;
      return [restrictionChanged(projectId, groupId, section)];
    }
    case 'AllotmentsClamped':
      return sectionChanged(projectId, data.groupId, known(structure));
    case 'AllotmentsTransferred':
      return [data.fromGroupId, data.toGroupId].flatMap((groupId) =>
        sectionChanged(projectId, groupId, known(structure)),
      );
    case 'MemberLimitsSet': {
      const { featuresOff, ...limits } = data;
      const changed = { projectId, ...limits, featuresOff: [...featuresOff] };
      return [{ type: 'allotree.member-limits-changed.v1', data: changed }];
    }
    case 'GroupRelocated': {
      const tree = known(structure);
      const paths = { previousPath: [...tree.previousPath], path: [...tree.pathTo(data.groupId)] };
      return [{ type: 'allotree.group-relocated.v1', data: { projectId, ...data, ...paths } }];
    }
    case 'AssignmentMade':
      return [{ type: 'allotree.assignment-made.v1', data: { projectId, ...placedRef(data, known(structure)) } }];
    case 'AssignmentExternalIdChanged': {
      const { externalId, ...ref } = data;
      const changed = { projectId, ...placedRef(ref, known(structure)), externalId };
      return [{ type: 'allotree.assignment-changed.v1', data: changed }];
    }
    case 'AssignmentsMade':
      return assignmentLists(data.assignments, known(structure)).map((assignments) => ({
        type: 'allotree.assignments-made.v1',
        data: { projectId, assignments },
      }));
    case 'AssignmentsReleased':
      return assignmentLists(data.assignments, known(structure)).map((assignments) => ({
        type: 'allotree.assignments-released.v1',
        data: { projectId, assignments, reason: data.reason },
      }));
    case 'AssignmentsSuspended':
      return assignmentLists(data.assignments, known(structure)).map((assignments) => ({
        type: 'allotree.assignments-suspended.v1',
        data: { projectId, assignments },
      }));
    case 'AssignmentsReinstated':
      return assignmentLists(data.assignments, known(structure)).map((assignments) => ({
        type: 'allotree.assignments-reinstated.v1',
        data: { projectId, assignments },
      }));
    case 'ClockCorrected': {
      const corrected = { projectId, lastRecorded: iso(data.lastRecorded) };
      return [{ type: 'allotree.clock-corrected.v1', data: corrected }];
    }
    case 'BillingTermsSet': {
      const { effectiveFrom, ...terms } = data;
      const set = { projectId, ...terms, effectiveFrom: iso(effectiveFrom) };
      return [{ type: 'allotree.billing-terms-set.v1', data: set }];
    }
    case 'UsagePeriodClosed':
      return [{ type: 'allotree.usage-period-closed.v1', data: closedPeriod(projectId, data) }];
    default:
      return [];
  }
}

/** Maps a private event of a partner's stock to its integration events. */
export function stockIntegrationEvents(partnerId: string, { type, data }: PartnerStockEvent): readonly Outgoing[] {
  switch (type) {
    case 'PackageRecorded': {
      const { packageId, name } = data;
      return [{ type: 'allotree.package-recorded.v1', data: { partnerId, packageId, name, ...packageOf(data) } }];
    }
    case 'PackageSold': {
      const { packageId, toPartnerId, soldPackageId } = data;
      const sale = { partnerId, packageId, toPartnerId, soldPackageId, ...packageOf(data) };
      return [{ type: 'allotree.package-sold.v1', data: sale }];
    }
    case 'UnitsIssued': {
      const { packageId, projectId, licenseId, externalId } = data;
      const issued = { partnerId, packageId, projectId, licenseId, ...packageOf(data) };
      const named = externalId === undefined ? issued : { ...issued, externalId };
      return [{ type: 'allotree.units-issued.v1', data: named }];
    }
    default:
      return [];
  }
}
