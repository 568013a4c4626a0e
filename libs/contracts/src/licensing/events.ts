import { z } from 'zod';
import { Id, IsoInstant, Name } from '../http/common.js';
import { eventSchema, type CloudEvent } from '../cloud-event.js';
import { FeatureName, ResourceName, UnitsOf } from './words.js';

const instantOrNull = IsoInstant.nullable();
const content = {
  units: UnitsOf,
  features: z.array(FeatureName),
  validFrom: IsoInstant,
  validUntil: instantOrNull,
};
/** The dates that the term was entered as; absent where it was entered as an instant. */
const dates = { validFromDate: z.iso.date().optional(), validUntilDate: z.iso.date().optional() };
const license = { projectId: Id, licenseId: Id };
const assignment = { assignmentId: Id, groupId: Id, resource: ResourceName };
const assignments = { projectId: Id, assignments: z.array(z.object(assignment)).max(1_000) };

const licenseSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('registration') }),
  z.object({ kind: z.literal('manual') }),
  z.object({ kind: z.literal('package'), partnerId: Id, packageId: Id }),
]);

/**
 * The integration events of the license service, for billing and other consumers: CloudEvent type -> shape of `data`. `time`
 * is the instant from which the event is in force. Lists of assignments are split into events of at most 1,000.
 */
export const LICENSING_EVENTS = {
  'allotree.package-recorded.v1': z.object({ partnerId: Id, packageId: Id, name: Name, ...content, ...dates }),
  'allotree.package-sold.v1': z.object({
    partnerId: Id,
    packageId: Id,
    toPartnerId: Id,
    soldPackageId: Id,
    ...content,
    ...dates,
  }),
  'allotree.units-issued.v1': z.object({ partnerId: Id, packageId: Id, ...license, ...content, ...dates }),
  'allotree.license-granted.v1': z.object({
    ...license,
    type: z.enum(['trial', 'plus']),
    ...content,
    source: licenseSource,
  }),
  'allotree.license-extended.v1': z.object({ ...license, validUntil: instantOrNull }),
  'allotree.license-suspended.v1': z.object({ ...license, reason: z.string() }),
  'allotree.license-reinstated.v1': z.object(license),
  'allotree.license-revoked.v1': z.object({ ...license, reason: z.string() }),
  'allotree.license-started.v1': z.object(license),
  'allotree.license-expired.v1': z.object(license),
  'allotree.basic-license-started.v1': z.object({ projectId: Id, serialNumber: z.string(), groupId: Id }),
  'allotree.basic-license-ended.v1': z.object({ projectId: Id, serialNumber: z.string() }),
  'allotree.assignment-made.v1': z.object({ projectId: Id, ...assignment }),
  'allotree.assignments-made.v1': z.object(assignments),
  'allotree.assignments-released.v1': z.object({
    ...assignments,
    reason: z.enum(['released', 'group_removed', 'member_removed']),
  }),
  'allotree.assignments-suspended.v1': z.object(assignments),
  'allotree.assignments-reinstated.v1': z.object(assignments),
} as const;

export type LicensingEventType = keyof typeof LICENSING_EVENTS;
export type LicensingEventData<Type extends LicensingEventType> = z.infer<(typeof LICENSING_EVENTS)[Type]>;
export type LicensingEvent = {
  [Type in LicensingEventType]: CloudEvent<LicensingEventData<Type>, Type>;
}[LicensingEventType];

/** The JSON Schema of the whole CloudEvent of this type. */
export const licensingEventSchema = (type: LicensingEventType): object => eventSchema(type, LICENSING_EVENTS[type]);
