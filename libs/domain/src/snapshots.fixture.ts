const at = '2026-06-01T00:00:00.000Z';
const units = { sip_number: 1_000, mobile_app: 800, ukey2: null };
const term = { validFrom: '2026-01-01T00:00:00.000Z', validUntil: '2027-01-01T00:00:00.000Z' };
const member = { memberId: 'm', groupId: 'a', userId: 'kim', email: 'kim@example.com', name: 'Kim', role: 'concierge' };
const device = { serialNumber: 'SN-1', groupId: 'a', model: 'AA-12', claimId: 'c' };

/** Stored events that give a group tree everything that its snapshot contains. */
export const TREE_EVENTS: readonly { readonly type: string; readonly data: unknown }[] = [
  {
    type: 'ProjectCreated',
    data: {
      projectId: 'p',
      tenantId: 't',
      partnerId: 'n',
      timeZone: 'Europe/Berlin',
      billingMode: 'prepaid',
      trial: true,
      name: 'Hafenblick',
    },
  },
  { type: 'GroupCreated', data: { groupId: 'a', parentId: 'p', type: 'building', name: 'Building A' } },
  {
    type: 'GroupsGenerated',
    data: {
      newId: 'g',
      parentId: 'a',
      levels: ['floor', 'apartment'],
      first: 0,
      level: [0, 1, 1],
      parents: [-1, 0, 0],
      names: ['Floor 1', 'Apartment 1', 'Apartment 2'],
    },
  },
  { type: 'GroupCreated', data: { groupId: 'b', parentId: 'p', type: 'custom', name: 'Car park' } },
  {
    type: 'GroupDetailsChanged',
    data: { groupId: 'g_1', type: 'apartment', name: 'Apartment 1', externalId: 'ERP 1' },
  },
  { type: 'MemberAdded', data: { ...member, externalId: 'ERP 2' } },
  { type: 'DeviceAdded', data: device },
  { type: 'DeviceAdded', data: { ...device, serialNumber: 'SN-2', claimId: 'd', externalId: 'ERP 3' } },
  { type: 'DeviceRemoved', data: device },
  { type: 'ProjectClosed', data: { projectId: 'p', reason: 'The building was sold' } },
];

/** Stored events that give a partner's stock everything that its snapshot contains. */
export const STOCK_EVENTS: readonly { readonly type: string; readonly data: unknown }[] = [
  {
    type: 'StockOpened',
    data: {
      at,
      partnerId: 'nordlicht',
      tenantId: 'nordlicht',
      kind: 'distributor',
      name: 'Nordlicht',
      parentPartnerId: null,
    },
  },
  { type: 'PartnerJoinedBelow', data: { at, partnerId: 'hansen', kind: 'dealer', name: 'Hansen' } },
  { type: 'PartnerJoinedBelow', data: { at, partnerId: 'olsen', kind: 'management_company', name: 'Olsen' } },
  {
    type: 'PackageRecorded',
    data: { at, packageId: 'plus', name: 'Plus 1000', units, features: ['siri', 'elevators'], ...term },
  },
  {
    type: 'PackageSold',
    data: {
      at,
      packageId: 'plus',
      soldPackageId: 'sold',
      toPartnerId: 'hansen',
      name: 'Plus 1000',
      units: { sip_number: 10, mobile_app: 5, ukey2: 0 },
      features: [],
      ...term,
      validFromDate: '2026-01-01',
      validUntilDate: '2026-12-31',
    },
  },
  {
    type: 'UnitsIssued',
    data: {
      at,
      packageId: 'plus',
      licenseId: 'license',
      projectId: 'p',
      units: { sip_number: 120, mobile_app: 100, ukey2: 10 },
      features: ['siri'],
      ...term,
      packageValidUntil: term.validUntil,
    },
  },
  { type: 'PartnerClosedBelow', data: { at, partnerId: 'olsen', reason: 'Bankrupt' } },
  { type: 'StockClosed', data: { at, partnerId: 'nordlicht', reason: 'Merged', left: [] } },
];
