const setting = {
  id: '5b1c7c52-2a0e-5a3a-8d0f-6a1d3f0e9b11',
  type: 'allotree.restriction-changed.v1',
  at: '2026-02-01T09:00:00.000Z',
  actor: 'user:0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
  causationId: '6f2b1d0c-3a4e-4b5f-9c7d-8e9f0a1b2c3d',
};
const granting = { ...setting, id: '0d9c8b7a-6f5e-5d4c-8b3a-291807f6e5d4', type: 'allotree.license-granted.v1' };
const suspended = { suspended: 0, unreserved: null };

/** A flat in a building that is full. */
export const EXAMPLE = {
  groupId: 'flat-12',
  resource: 'mobile_app',
  at: '2026-03-03T14:30:00.000Z',
  basis: 'recorded',
  position: '4711',
  final: true,
  quota: {
    limit: null,
    effectiveLimit: 60,
    limitedBy: { groupId: 'building-a', name: 'Building A' },
    allotted: 0,
    consumed: 2,
    suspended: 0,
    available: 0,
  },
  levels: [
    {
      groupId: 'flat-12',
      name: 'Flat 12',
      isRestricted: false,
      limit: null,
      consumed: 2,
      left: null,
      ...suspended,
      isBinding: false,
      event: null,
      terms: [],
    },
    {
      groupId: 'building-a',
      name: 'Building A',
      isRestricted: true,
      limit: 60,
      consumed: 60,
      left: 0,
      ...suspended,
      isBinding: true,
      event: setting,
      terms: [
        {
          id: 'allotment-1',
          type: 'plus',
          limit: 60,
          validFrom: '2026-02-01T00:00:00.000Z',
          validUntil: null,
          status: 'active',
          event: setting,
          suspended: null,
        },
      ],
    },
    {
      groupId: null,
      name: 'Hafenblick',
      isRestricted: true,
      limit: 100,
      consumed: 72,
      left: 28,
      ...suspended,
      isBinding: false,
      event: null,
      terms: [
        {
          id: 'plus-2026',
          type: 'plus',
          limit: 100,
          validFrom: '2026-01-01T00:00:00.000Z',
          validUntil: '2027-01-01T00:00:00.000Z',
          status: 'active',
          event: granting,
          suspended: null,
        },
      ],
    },
  ],
  suspended: { total: 0, items: [] },
  toChange: [
    {
      kind: 'raise',
      groupId: 'building-a',
      name: 'Building A',
      units: { sip_number: 0, mobile_app: 1, ukey2: 0 },
    },
  ],
  proof: { events: [setting.id, granting.id], isComplete: true },
};
