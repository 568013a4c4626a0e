import type { LicensingEventData, LicensingEventType } from '@allotree/contracts';
import {
  datesIn,
  type AssignmentRef,
  type Instant,
  type License,
  type LicenseSource,
  type PackageContent,
  type PartnerStockEvent,
  type ProjectEvent,
} from '@allotree/domain';

/** What goes out of an event: type and data of an integration event, still without its envelope. */
export type Outgoing = {
  [Type in LicensingEventType]: { readonly type: Type; readonly data: LicensingEventData<Type> };
}[LicensingEventType];

/** As many assignments as one integration event carries. */
const MAX_ASSIGNMENTS = 1_000;

const iso = (instant: Instant): string => new Date(instant).toISOString();
const isoOrNull = (instant: Instant | null): string | null => (instant === null ? null : iso(instant));

const contentOf = ({ units, features, validFrom, validUntil }: PackageContent | License) => ({
  units,
  features: [...features],
  validFrom: iso(validFrom),
  validUntil: isoOrNull(validUntil),
});

const packageOf = (content: PackageContent) => ({ ...contentOf(content), ...datesIn(content) });

function sourceOf(source: LicenseSource): LicensingEventData<'allotree.license-granted.v1'>['source'] {
  if (source.kind !== 'package') return source;
  return { kind: 'package', partnerId: source.partnerId, packageId: source.packageId };
}

function inChunks(assignments: readonly AssignmentRef[]): AssignmentRef[][] {
  const chunks: AssignmentRef[][] = [];
  for (let start = 0; start < assignments.length; start += MAX_ASSIGNMENTS)
    chunks.push(assignments.slice(start, start + MAX_ASSIGNMENTS));
  return chunks;
}

/** Labels and holders stay inside. */
const plainRef = ({ assignmentId, groupId, resource }: AssignmentRef) => ({ assignmentId, groupId, resource });

/** Maps a private event of a project to its integration events; empty for internal events. */
export function projectIntegrationEvents(projectId: string, { type, data }: ProjectEvent): readonly Outgoing[] {
  switch (type) {
    case 'LicenseGranted': {
      const { licenseId, type: licenseType, source } = data;
      const granted = { projectId, licenseId, type: licenseType, ...contentOf(data), source: sourceOf(source) };
      return [{ type: 'allotree.license-granted.v1', data: granted }];
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
    case 'LicenseStarted':
      return [{ type: 'allotree.license-started.v1', data: { projectId, ...data } }];
    case 'LicenseExpired':
      return [{ type: 'allotree.license-expired.v1', data: { projectId, ...data } }];
    case 'BasicLicenseStarted':
      return [{ type: 'allotree.basic-license-started.v1', data: { projectId, ...data } }];
    case 'BasicLicenseEnded':
      return [{ type: 'allotree.basic-license-ended.v1', data: { projectId, ...data } }];
    case 'AssignmentMade': {
      const { assignmentId, groupId, resource } = data;
      return [{ type: 'allotree.assignment-made.v1', data: { projectId, assignmentId, groupId, resource } }];
    }
    case 'AssignmentsMade':
      return inChunks(data.assignments).map((assignments) => ({
        type: 'allotree.assignments-made.v1',
        data: { projectId, assignments: assignments.map(plainRef) },
      }));
    case 'AssignmentsReleased':
      return inChunks(data.assignments).map((assignments) => ({
        type: 'allotree.assignments-released.v1',
        data: { projectId, assignments, reason: data.reason },
      }));
    case 'AssignmentsSuspended':
      return inChunks(data.assignments).map((assignments) => ({
        type: 'allotree.assignments-suspended.v1',
        data: { projectId, assignments },
      }));
    case 'AssignmentsReinstated':
      return inChunks(data.assignments).map((assignments) => ({
        type: 'allotree.assignments-reinstated.v1',
        data: { projectId, assignments },
      }));
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
      const { packageId, projectId, licenseId } = data;
      return [
        { type: 'allotree.units-issued.v1', data: { partnerId, packageId, projectId, licenseId, ...packageOf(data) } },
      ];
    }
    default:
      return [];
  }
}
