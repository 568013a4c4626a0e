import type { DeviceItem, GroupItem, LicensesAnswer, MemberItem, PartnerItem, ProjectItem } from '@allotree/contracts';
import type { z } from 'zod';
import type { Column } from './output.js';

export type LicenseItem = z.infer<typeof LicensesAnswer>['items'][number];

/** Units as `120/100/10`: virtual numbers, mobile apps, UKEY2; `*` is unlimited. */
export const unitsText = (units: LicenseItem['units']): string =>
  [units.sip_number, units.mobile_app, units.ukey2].map((limit) => limit ?? '*').join('/');

export const PARTNER_COLUMNS: readonly Column<PartnerItem>[] = [
  { header: 'id', value: ({ partnerId }) => partnerId },
  { header: 'kind', value: ({ kind }) => kind },
  { header: 'name', value: ({ name }) => name },
  { header: 'parent', value: ({ parentPartnerId }) => parentPartnerId },
  { header: 'status', value: ({ status }) => status },
];
export const PROJECT_COLUMNS: readonly Column<ProjectItem>[] = [
  { header: 'id', value: ({ projectId }) => projectId },
  { header: 'name', value: ({ name }) => name },
  { header: 'partner', value: ({ partnerId }) => partnerId },
  { header: 'billing', value: ({ billingMode }) => billingMode },
  { header: 'time zone', value: ({ timeZone }) => timeZone },
  { header: 'status', value: ({ status }) => status },
];
export const GROUP_COLUMNS: readonly Column<GroupItem>[] = [
  { header: 'id', value: ({ groupId }) => groupId },
  { header: 'type', value: ({ type }) => type },
  { header: 'name', value: ({ name }) => name },
  { header: 'parent', value: ({ parentId }) => parentId },
  { header: 'external id', value: ({ externalId }) => externalId },
];
export const LICENSE_COLUMNS: readonly Column<LicenseItem>[] = [
  { header: 'id', value: ({ licenseId }) => licenseId },
  { header: 'type', value: ({ type }) => type },
  { header: 'numbers/apps/ukey2', value: ({ units }) => unitsText(units) },
  { header: 'from', value: ({ validFrom }) => validFrom },
  { header: 'until', value: ({ validUntil }) => validUntil },
  { header: 'source', value: ({ source }) => source.kind },
  { header: 'status', value: ({ status }) => status },
];
export const DEVICE_COLUMNS: readonly Column<DeviceItem>[] = [
  { header: 'serial number', value: ({ serialNumber }) => serialNumber },
  { header: 'model', value: ({ model }) => model },
  { header: 'group', value: ({ groupId }) => groupId },
  { header: 'external id', value: ({ externalId }) => externalId },
];
export const PERSON_COLUMNS: readonly Column<MemberItem>[] = [
  { header: 'id', value: ({ memberId }) => memberId },
  { header: 'name', value: ({ name }) => name },
  { header: 'email', value: ({ email }) => email },
  { header: 'role', value: ({ role }) => role },
  { header: 'group', value: ({ groupId }) => groupId },
];
