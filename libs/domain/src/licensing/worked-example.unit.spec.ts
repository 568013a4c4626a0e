import { beforeEach, describe, expect, it } from '@jest/globals';
import { FEATURES } from '../words.js';
import { ProjectScenario, day, units } from './project-scenario.harness.js';

/** docs/domain/words.md#example, number by number. */
describe('the worked example', () => {
  let scenario: ProjectScenario;

  beforeEach(() => {
    scenario = new ProjectScenario(day('2026-06-01')).open();
    scenario.place('a', 'b', 'unit1 under a', 'unit2 under a');
    for (const serialNumber of ['d1', 'd2', 'd3'])
      scenario.do({ type: 'AddDevice', now: scenario.now, serialNumber, groupId: 'a' });
    scenario.do(
      scenario.grant({
        licenseId: 'hafenblick',
        units: units(114, 94, 10),
        validFrom: day('2026-01-01'),
        validUntil: day('2027-01-01'),
        source: { kind: 'package', partnerId: 'nordlicht', packageId: 'package', packageValidUntil: day('2027-01-01') },
      }),
    );
    scenario.do(
      scenario.restriction(
        'a',
        [{ allotmentId: null, units: units(80, 60, 5), features: FEATURES, validUntil: day('2026-12-01') }],
        { newIds: ['a-allotment'] },
      ),
    );
  });

  it('has the capacity that was issued and what its devices carry', () => {
    expect(scenario.quota('b').resources.sip_number.effectiveLimit).toBe(120);
    expect(scenario.quota('b').resources.mobile_app.effectiveLimit).toBe(100);
    expect(scenario.quota('b').resources.ukey2.effectiveLimit).toBe(10);
  });

  it('lets unit 1 and unit 2 share 100 of 80, and use 80 together', () => {
    scenario.restrict('unit1', units(50, 40, 5)).restrict('unit2', units(50, 40, 0));
    scenario.assign('unit1', 'sip_number', 50);
    scenario.assign('unit2', 'sip_number', 30);
    expect(scenario.refusal(scenario.assignment('unit2'))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 1,
      available: 0,
      limitedBy: { groupId: 'a', name: 'A', limit: 80, validUntil: day('2026-12-01') },
      at: day('2026-06-01'),
    });
    expect(scenario.quota('a').resources.sip_number).toEqual({
      limit: 80,
      effectiveLimit: 80,
      limitedBy: { groupId: 'a', name: 'A' },
      allotted: 100,
      consumed: 80,
      suspended: 0,
      available: 0,
    });
    expect(scenario.quota('unit2').resources.sip_number).toEqual({
      limit: 50,
      effectiveLimit: 50,
      limitedBy: { groupId: 'unit2', name: 'UNIT2' },
      allotted: 0,
      consumed: 30,
      suspended: 0,
      available: 0,
    });
  });

  it('refuses unit 2 when A is reserved: 30 available', () => {
    scenario.do(
      scenario.restriction(
        'a',
        [{ allotmentId: 'a-allotment', units: units(80, 60, 5), features: FEATURES, validUntil: day('2026-12-01') }],
        { poolMode: 'reserved' },
      ),
    );
    scenario.restrict('unit1', units(50, 40, 5));
    expect(scenario.refusal(scenario.restriction('unit2', [{ units: units(50, 40, 0) }]))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 50,
      available: 30,
      limitedBy: { groupId: 'a', name: 'A', limit: 80, validUntil: day('2026-12-01') },
      at: day('2026-06-01'),
    });
  });

  it('refuses unit 1 beyond the end of A, and ends with A what has no end', () => {
    expect(
      scenario.refusal(scenario.restriction('unit1', [{ units: units(50, 40, 5), validUntil: day('2027-01-01') }])),
    ).toEqual({
      code: 'PERIOD_OUTSIDE_PARENT',
      side: 'end',
      requestedUntil: day('2027-01-01'),
      limitedBy: { groupId: 'a', name: 'A', limit: 80, validUntil: day('2026-12-01') },
    });
    scenario.restrict('unit1', units(50, 40, 5));
    expect(scenario.quota('unit1').effectivePeriod.validUntil).toBe(day('2026-12-01'));
    expect(scenario.quota('unit1', day('2026-12-01')).resources.sip_number.effectiveLimit).toBe(0);
  });

  it('refuses 60 apps with 50 numbers', () => {
    expect(scenario.refusal(scenario.restriction('a', [{ units: units(50, 60, 5) }]))).toEqual({
      code: 'SIP_BELOW_MOBILE',
      sipNumber: 50,
      mobileApp: 60,
    });
  });

  it('leaves building B what the use in A leaves of 120', () => {
    scenario.assign('a', 'sip_number', 80);
    scenario.assign('b', 'sip_number', 40);
    expect(scenario.refusal(scenario.assignment('b'))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      available: 0,
      limitedBy: { groupId: null, name: 'Hafenblick', limit: 120, validUntil: day('2027-01-01') },
    });
  });

  it('suspends the 80 of A when A ends and brings them back when it is extended', () => {
    const inA = scenario.assign('unit1', 'sip_number', 80);
    const inB = scenario.assign('b', 'sip_number', 40);
    const refs = inA.map((assignmentId) => ({ assignmentId, groupId: 'unit1', resource: 'sip_number' }));
    expect(scenario.on(day('2026-12-02'))).toEqual([
      {
        type: 'AllotmentsEnded',
        at: day('2026-12-01'),
        data: { allotments: [{ groupId: 'a', allotmentId: 'a-allotment' }] },
      },
      { type: 'AssignmentsSuspended', at: day('2026-12-01'), data: { assignments: refs } },
    ]);
    expect(scenario.quota('a').resources.sip_number).toMatchObject({
      limit: 0,
      consumed: 0,
      suspended: 80,
      available: 0,
    });
    expect(scenario.quota('b').resources.sip_number).toMatchObject({ consumed: inB.length, suspended: 0 });

    const allotment = {
      allotmentId: 'a-allotment',
      type: 'plus',
      units: units(80, 60, 5),
      features: FEATURES,
      validUntil: day('2026-12-31'),
    } as const;
    expect(scenario.do(scenario.restriction('a', [allotment]))).toEqual([
      {
        type: 'RestrictionChanged',
        at: day('2026-12-02'),
        data: {
          groupId: 'a',
          enabled: true,
          poolMode: 'shared',
          gracePeriodDays: 0,
          reminder: null,
          allotments: [{ ...allotment, validFrom: day('2026-06-01') }],
          place: { kind: 'vendor' },
        },
      },
      { type: 'AssignmentsReinstated', at: day('2026-12-02'), data: { assignments: refs } },
    ]);
    expect(scenario.quota('a').resources.sip_number).toMatchObject({ consumed: 80, suspended: 0 });
  });

  it('falls back to the Basic licenses of 3 devices: the 6 oldest pairs keep working', () => {
    const numbers = scenario.assign('b', 'sip_number', 10);
    const apps = scenario.assign('b', 'mobile_app', 10);
    scenario.on(day('2027-01-01'));
    const { resources, status, type, features } = scenario.quota('b');
    expect(resources.sip_number).toMatchObject({ effectiveLimit: 6, consumed: 6, suspended: 4 });
    expect(resources.mobile_app).toMatchObject({ effectiveLimit: 6, consumed: 6, suspended: 4 });
    expect(resources.ukey2.effectiveLimit).toBe(0);
    expect({ status, type, on: features.on }).toEqual({ status: 'active', type: 'basic', on: [] });
    const inForce = [...scenario.state.assignments.entries()].filter(([, { inForce }]) => inForce).map(([id]) => id);
    expect(inForce).toEqual([...numbers.slice(0, 6), ...apps.slice(0, 6)]);
  });

  it("lets a registered partner's own project do everything for 30 days", () => {
    const own = new ProjectScenario(day('2026-06-01')).open();
    const trial = units(null, null, null);
    own.do(
      own.grant({
        licenseType: 'trial',
        units: trial,
        validUntil: day('2026-07-01'),
        source: { kind: 'registration' },
      }),
    );
    expect(own.quota('p').resources.ukey2).toMatchObject({ effectiveLimit: null, limitedBy: null, available: null });
    expect(own.quota('p').features.off).toEqual([]);
    own.assign('p', 'sip_number', 3);
    own.do({ type: 'AddDevice', now: own.now, serialNumber: 'd', groupId: 'p' });
    own.on(day('2026-07-01'));
    expect(own.quota('p').resources.sip_number).toMatchObject({ effectiveLimit: 2, consumed: 2, suspended: 1 });
  });
});
