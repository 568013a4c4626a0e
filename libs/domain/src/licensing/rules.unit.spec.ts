import { describe, expect, it } from '@jest/globals';
import { FEATURES } from '../words.js';
import { VENDOR } from './limits/authority.js';
import { checkDeparture, checkRelocation } from './commands/relocation-checks.js';
import { assignmentsOf, licensesOf, restrictionOf } from './queries/quota.js';
import { ProjectScenario, day, units } from './project-scenario.harness.js';

const START = day('2026-06-01');
const DAY = 86_400_000;

/** A project with 20/20/10 until the end of the year, buildings a and b, a1 and a2 under a. */
function scenario(): ProjectScenario {
  const setup = new ProjectScenario(START).open().place('a', 'b', 'a1 under a', 'a2 under a');
  setup.plus(units(20, 20, 10), day('2027-01-01'));
  return setup;
}
const from = (name: string, groupId: string | null, limit: number | null, validUntil: number | null) => ({
  groupId,
  name,
  limit,
  validUntil,
});

describe('licenses', () => {
  it('L1: a project has one trial; only a server administrator grants another', () => {
    const s = new ProjectScenario(START).open();
    const trial = { licenseType: 'trial', units: units(null, null, null), validUntil: START + 30 * DAY } as const;
    s.do(s.grant({ ...trial, licenseId: 'first', usualUntil: START + 30 * DAY }));
    expect(s.refusal(s.grant(trial))).toEqual({ code: 'TRIAL_ALREADY_USED', licenseId: 'first' });
    s.on(START + 31 * DAY);
    expect(s.refusal(s.grant({ ...trial, validUntil: START + 99 * DAY }))).toEqual({
      code: 'TRIAL_ALREADY_USED',
      licenseId: 'first',
    });
    expect(s.do(s.grant({ ...trial, licenseId: 'second', validUntil: START + 99 * DAY, authority: VENDOR }))).toEqual([
      {
        type: 'LicenseGranted',
        at: START + 31 * DAY,
        data: {
          licenseId: 'second',
          type: 'trial',
          units: units(null, null, null),
          features: FEATURES,
          validFrom: START + 31 * DAY,
          validUntil: START + 99 * DAY,
          source: { kind: 'manual' },
        },
      },
    ]);
  });

  it('L2: each device carries 2 numbers and 2 apps for as long as it is in the project', () => {
    const s = new ProjectScenario(START).open();
    const add = { type: 'AddDevice', now: START, serialNumber: 'd1', groupId: 'p' } as const;
    expect(s.do(add)).toEqual([{ type: 'BasicLicenseStarted', at: START, data: { serialNumber: 'd1', groupId: 'p' } }]);
    expect(s.do(add)).toEqual([]);
    expect(s.quota('p').resources.sip_number.effectiveLimit).toBe(2);
    expect(licensesOf(s.state, START)).toMatchObject([
      { type: 'basic', units: units(2, 2, 0), features: [], source: { kind: 'devices', count: 1 } },
    ]);
    const [number] = s.assign('p', 'sip_number');
    const remove = { type: 'RemoveDevice', now: START, serialNumber: 'd1' } as const;
    expect(s.do(remove)).toEqual([
      { type: 'BasicLicenseEnded', at: START, data: { serialNumber: 'd1' } },
      {
        type: 'AssignmentsSuspended',
        at: START,
        data: { assignments: [{ assignmentId: number, groupId: 'p', resource: 'sip_number' }] },
      },
    ]);
    expect(s.do(remove)).toEqual([]);
  });

  it('L3: a license out of a package is not extended beyond it, and comes late without being refused', () => {
    const s = new ProjectScenario(START).open();
    const source = { kind: 'package', partnerId: 'n', packageId: 'k', packageValidUntil: day('2026-12-01') } as const;
    s.plus(units(5, 5, 0), day('2026-10-01'), { licenseId: 'l', source });
    expect(
      s.refusal({
        type: 'ExtendLicense',
        now: START,
        licenseId: 'l',
        validUntil: day('2026-12-02'),
        authority: VENDOR,
      }),
    ).toEqual({
      code: 'PERIOD_OUTSIDE_PARENT',
      side: 'end',
      requestedUntil: day('2026-12-02'),
      limitedBy: { groupId: null, name: 'package k', limit: 5, validUntil: day('2026-12-01') },
    });
    expect(
      s.do({ type: 'ExtendLicense', now: START, licenseId: 'l', validUntil: day('2026-12-01'), authority: VENDOR }),
    ).toHaveLength(1);
    expect(s.plus(units(1, 0, 0), START - DAY, { validFrom: START - 9 * DAY, source })).toHaveLength(1);
  });

  it('L5: licenses add up, unlimited wins, a postpaid project has everything', () => {
    const s = scenario();
    s.plus(units(null, 5, 0), day('2026-07-01'), { features: [] });
    expect(s.quota('p').resources).toMatchObject({
      sip_number: { effectiveLimit: null },
      mobile_app: { effectiveLimit: 25 },
    });
    expect(s.quota('p', day('2026-07-01')).resources.sip_number.effectiveLimit).toBe(20);
    const postpaid = new ProjectScenario(START).open({ billingMode: 'postpaid' });
    expect(postpaid.quota('p')).toMatchObject({
      status: 'active',
      resources: { ukey2: { effectiveLimit: null } },
      features: { off: [] },
    });
    postpaid.assign('p', 'ukey2', 3);
  });

  it('L6: suspending, revoking and ending a license is never refused; what no longer fits is suspended', () => {
    const s = new ProjectScenario(START).open();
    s.plus(units(2, 0, 0), null, { licenseId: 'l' });
    const refs = s
      .assign('p', 'sip_number', 2)
      .map((assignmentId) => ({ assignmentId, groupId: 'p', resource: 'sip_number' }));
    const suspend = {
      type: 'SuspendLicense',
      now: START,
      licenseId: 'l',
      reason: 'unpaid',
      authority: VENDOR,
    } as const;
    expect(s.do(suspend)).toEqual([
      { type: 'LicenseSuspended', at: START, data: { licenseId: 'l', reason: 'unpaid', place: VENDOR } },
      { type: 'AssignmentsSuspended', at: START, data: { assignments: refs } },
    ]);
    expect(s.do(suspend)).toEqual([]);
    expect(s.quota('p').status).toBe('suspended');
    expect(s.do({ type: 'ReinstateLicense', now: START, licenseId: 'l', authority: VENDOR })).toEqual([
      { type: 'LicenseReinstated', at: START, data: { licenseId: 'l' } },
      { type: 'AssignmentsReinstated', at: START, data: { assignments: refs } },
    ]);
    const revoke = { type: 'RevokeLicense', now: START, licenseId: 'l', reason: 'fraud', authority: VENDOR } as const;
    expect(s.do(revoke).map(({ type }) => type)).toEqual(['LicenseRevoked', 'AssignmentsSuspended']);
    expect(s.do(revoke)).toEqual([]);
    expect(s.refusal(suspend)).toEqual({ code: 'LICENSE_REVOKED', licenseId: 'l' });
    expect(s.refusal({ ...suspend, licenseId: 'unknown' })).toEqual({
      code: 'NOT_FOUND',
      what: 'license',
      id: 'unknown',
    });
  });

  it('refuses terms that are reversed or over, and an end that comes nearer', () => {
    const s = scenario();
    expect(s.refusal(s.grant({ validFrom: START + 9, validUntil: START + 9 }))).toMatchObject({
      code: 'VALIDATION',
      field: 'validUntil',
    });
    expect(s.refusal(s.grant({ validFrom: START - 9, validUntil: START }))).toMatchObject({
      code: 'VALIDATION',
      field: 'validUntil',
    });
    expect(s.refusal(s.grant({ units: units(1, 2, 0) }))).toEqual({
      code: 'SIP_BELOW_MOBILE',
      sipNumber: 1,
      mobileApp: 2,
    });
    s.plus(units(1, 1, 0), null, { licenseId: 'l' });
    expect(
      s.refusal({ type: 'ExtendLicense', now: START, licenseId: 'l', validUntil: START + DAY, authority: VENDOR }),
    ).toMatchObject({
      code: 'VALIDATION',
    });
  });
});

describe('restrictions', () => {
  it('R1: apps need numbers, unlimited apps unlimited numbers', () => {
    const s = scenario();
    expect(s.refusal(s.restriction('a', [{ units: units(5, null, 0) }]))).toEqual({
      code: 'SIP_BELOW_MOBILE',
      sipNumber: 5,
      mobileApp: null,
    });
  });

  it('R2, R7: a term that starts before the one above is refused with its start', () => {
    const s = scenario();
    const later = { validFrom: day('2026-07-01'), validUntil: day('2026-09-01') };
    s.do(s.restriction('a', [{ units: units(8, 0, 0), ...later }]));
    expect(s.refusal(s.restriction('a1', [{ units: units(1, 0, 0), validUntil: day('2026-08-01') }]))).toEqual({
      code: 'PERIOD_OUTSIDE_PARENT',
      side: 'start',
      requestedUntil: day('2026-08-01'),
      limitedBy: { ...from('A', 'a', 8, day('2026-09-01')), validFrom: day('2026-07-01') },
    });
  });

  it('R2: an allotment is measured over its whole term, with all the others of its group', () => {
    const s = scenario();
    s.do(
      s.restriction('a', [
        { units: units(8, 0, 0), validUntil: day('2026-09-01') },
        { units: units(6, 0, 0), validFrom: day('2026-09-01'), validUntil: day('2026-11-01') },
      ]),
    );
    // 8 until September, 6 then: 7 fits at first and not later.
    expect(s.refusal(s.restriction('a1', [{ units: units(7, 0, 0), validUntil: day('2026-10-01') }]))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 7,
      available: 6,
      limitedBy: from('A', 'a', 6, day('2026-11-01')),
      at: day('2026-09-01'),
    });
    expect(s.do(s.restriction('a1', [{ units: units(7, 0, 0), validUntil: day('2026-09-01') }]))).toHaveLength(1);
    expect(
      s.refusal(
        s.restriction('a2', [
          { units: units(5, 0, 0), validUntil: day('2026-09-01') },
          { units: units(4, 0, 0), validUntil: day('2026-08-01') },
        ]),
      ),
    ).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      requested: 9,
      available: 8,
      at: START,
    });
    // Without an end it is measured at its start and clipped afterwards (R3).
    s.restrict('a2', units(8, 0, 0));
    expect(s.quota('a2', day('2026-09-15')).resources.sip_number).toMatchObject({
      limit: 8,
      effectiveLimit: 6,
      limitedBy: { groupId: 'a', name: 'A' },
    });
    expect(s.quota('a2').effectivePeriod).toEqual({ validFrom: START, validUntil: day('2026-09-01') });
  });

  it('R2: a child starts no earlier and ends no later than the group above; the end of the project binds as well', () => {
    const s = scenario();
    s.do(s.restriction('a', [{ units: units(8, 0, 0), validFrom: day('2026-07-01'), validUntil: day('2026-09-01') }]));
    expect(s.refusal(s.restriction('a1', [{ units: units(1, 0, 0) }]))).toEqual({
      code: 'PERIOD_OUTSIDE_PARENT',
      side: 'start',
      requestedUntil: null,
      limitedBy: { ...from('A', 'a', 8, day('2026-09-01')), validFrom: day('2026-07-01') },
    });
    expect(s.refusal(s.restriction('b', [{ units: units(1, 0, 0), validUntil: day('2027-01-02') }]))).toEqual({
      code: 'PERIOD_OUTSIDE_PARENT',
      side: 'end',
      requestedUntil: day('2027-01-02'),
      limitedBy: from('Hafenblick', null, 20, day('2027-01-01')),
    });
    expect(
      s.do(
        s.restriction('a1', [{ units: units(8, 0, 0), validFrom: day('2026-07-01'), validUntil: day('2026-09-01') }]),
      ),
    ).toHaveLength(1);
  });

  it('R2: what has ended stays and is not checked again; what is new must end in the future', () => {
    const s = scenario();
    s.do(s.restriction('a', [{ units: units(9, 0, 0), validUntil: day('2026-07-01') }], { newIds: ['old'] }));
    s.on(day('2026-08-01'));
    const old = { allotmentId: 'old', type: 'plus', units: units(9, 0, 0), validUntil: day('2026-07-01') } as const;
    expect(s.do(s.restriction('a', [old, { units: units(3, 0, 0) }]))).toHaveLength(1);
    expect(restrictionOf(s.state, 'a', s.now)!.allotments.map(({ status }) => status)).toEqual(['expired', 'active']);
    expect(s.refusal(s.restriction('a', [{ ...old, units: units(8, 0, 0) }]))).toEqual({
      code: 'VALIDATION',
      field: 'allotments[0].validUntil',
      message: 'must be in the future',
    });
    expect(s.refusal(s.restriction('a', [{ allotmentId: 'unknown' }]))).toEqual({
      code: 'NOT_FOUND',
      what: 'allotment',
      id: 'unknown',
    });
    expect(s.refusal(s.restriction('a', [old, old]))).toMatchObject({
      code: 'VALIDATION',
      field: 'allotments[1].allotmentId',
    });
    expect(s.refusal(s.restriction('unknown', []))).toEqual({ code: 'NOT_FOUND', what: 'group', id: 'unknown' });
  });

  it('says "already so" to the same restriction, with or without the ids of its allotments', () => {
    const s = scenario();
    const put = s.restriction(
      'a',
      [{ units: units(5, 5, 0) }, { units: units(1, 0, 0), features: ['siri'], validUntil: day('2026-08-01') }],
      { newIds: ['x', 'y'] },
    );
    expect(s.do(put)).toHaveLength(1);
    expect(s.do(put)).toEqual([]);
    expect(s.do({ ...put, newIds: ['v', 'w'], now: START + DAY })).toEqual([]);
    expect(s.do(s.restriction('b', [], { enabled: false }))).toEqual([]);
  });

  it('R3: the nearest of several equal limits binds', () => {
    const s = scenario();
    s.restrict('p', units(20, 20, 10)).restrict('a', units(20, 20, 10));
    expect(s.quota('a1').resources.sip_number.limitedBy).toEqual({ groupId: 'a', name: 'A' });
  });

  it('R4: a reserved pool keeps for a child what was given to it', () => {
    const s = scenario();
    s.restrict('a', units(10, 0, 0), null, { poolMode: 'reserved' }).restrict('a1', units(6, 0, 0));
    s.assign('a', 'sip_number', 3);
    expect(s.quota('a').resources.sip_number).toMatchObject({ allotted: 6, consumed: 3, available: 1 });
    s.assign('a');
    expect(s.refusal(s.assignment('a'))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      available: 0,
      limitedBy: from('A', 'a', 10, null),
    });
    expect(s.refusal(s.restriction('a2', [{ units: units(1, 0, 0) }]))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      requested: 1,
      available: 0,
      limitedBy: { groupId: 'a' },
    });
    s.assign('a1', 'sip_number', 6);
  });

  it('R4: turning a pool into a reserved one, or switching a restriction off inside one, is checked for all below', () => {
    const s = scenario();
    s.restrict('a', units(10, 0, 0))
      .restrict('a1', units(6, 0, 0))
      .restrict('a2', units(6, 0, 0));
    const id = restrictionOf(s.state, 'a', START)!.allotments[0]!.allotmentId;
    const reserved = s.restriction('a', [{ allotmentId: id, units: units(10, 0, 0) }], { poolMode: 'reserved' });
    expect(s.refusal(reserved)).toEqual({
      code: 'DESCENDANTS_AFFECTED',
      groups: [
        { groupId: 'a1', name: 'A1' },
        { groupId: 'a2', name: 'A2' },
      ],
      suspensions: [],
    });
    const events = s.do({ ...reserved, cascade: true });
    expect(events.map(({ type }) => type)).toEqual(['RestrictionChanged', 'AllotmentsClamped', 'AllotmentsClamped']);
    // Newest first: a2 gives up the two that are too many.
    expect(s.quota('a1').resources.sip_number.limit).toBe(6);
    expect(s.quota('a2').resources.sip_number.limit).toBe(4);
  });

  it('R5: features narrow downwards', () => {
    const s = scenario();
    s.do(s.restriction('a', [{ units: units(5, 5, 0), features: ['siri'] }]));
    expect(s.refusal(s.restriction('a1', [{ features: ['siri', 'elevators'] }]))).toEqual({
      code: 'FEATURE_NOT_AVAILABLE',
      feature: 'elevators',
      limitedBy: { groupId: 'a', name: 'A' },
    });
    expect(s.quota('a1').features.on).toEqual(['siri']);
    expect(s.quota('a1').features.off[0]).toEqual({ feature: 'sip_trunks', limitedBy: { groupId: 'a', name: 'A' } });
    const bare = new ProjectScenario(START).open();
    bare.plus(units(5, 5, 0), null, { features: [] });
    expect(bare.refusal(bare.restriction('p', [{ features: ['siri'] }]))).toEqual({
      code: 'FEATURE_NOT_AVAILABLE',
      feature: 'siri',
      limitedBy: { groupId: null, name: 'Hafenblick' },
    });
  });

  it('R6: lowering what groups below depend on is refused with the list of them, or clamped with the consent of the caller', () => {
    const s = scenario();
    s.do(
      s.restriction(
        'a',
        [{ units: units(10, 10, 5), features: ['siri', 'elevators'], validUntil: day('2026-12-01') }],
        { newIds: ['top'] },
      ),
    );
    s.do(
      s.restriction(
        'a1',
        [
          { units: units(6, 6, 0), features: ['siri'], validUntil: day('2026-11-01') },
          { units: units(4, 4, 0), features: ['elevators'], validUntil: day('2026-12-01') },
        ],
        { newIds: ['old', 'new'] },
      ),
    );
    s.do(s.restriction('a2', [{ units: units(3, 3, 0), validUntil: day('2026-09-01') }]));
    const lower = s.restriction('a', [
      { allotmentId: 'top', units: units(7, 6, 5), features: ['siri'], validUntil: day('2026-10-01') },
    ]);
    expect(s.refusal(lower)).toEqual({
      code: 'DESCENDANTS_AFFECTED',
      groups: [{ groupId: 'a1', name: 'A1' }],
      suspensions: [],
    });
    expect(s.do({ ...lower, cascade: true }).slice(1)).toEqual([
      {
        type: 'AllotmentsClamped',
        at: START,
        data: {
          groupId: 'a1',
          causedByGroupId: 'a',
          allotments: [
            // Ends first, then numbers, newest first (4 -> 1 numbers, and apps so that R1 holds), then features.
            {
              allotmentId: 'old',
              type: 'plus',
              units: units(6, 6, 0),
              features: ['siri'],
              validFrom: START,
              validUntil: day('2026-10-01'),
            },
            {
              allotmentId: 'new',
              type: 'plus',
              units: units(1, 0, 0),
              features: [],
              validFrom: START,
              validUntil: day('2026-10-01'),
            },
          ],
        },
      },
    ]);
  });

  it('R6: a change that would suspend what is in use is refused and says how many, where', () => {
    const s = scenario();
    s.do(s.restriction('a', [{ units: units(5, 5, 0) }], { newIds: ['top'] }));
    s.assign('a1', 'sip_number', 3);
    s.assign('a2', 'sip_number', 2);
    const lower = s.restriction('a', [{ allotmentId: 'top', units: units(2, 2, 0) }]);
    expect(s.refusal(lower)).toEqual({
      code: 'DESCENDANTS_AFFECTED',
      groups: [],
      suspensions: [
        { groupId: 'a1', name: 'A1', resource: 'sip_number', count: 1 },
        { groupId: 'a2', name: 'A2', resource: 'sip_number', count: 2 },
      ],
    });
    expect(s.do({ ...lower, cascade: true }).map(({ type }) => type)).toEqual([
      'RestrictionChanged',
      'AssignmentsSuspended',
    ]);
  });

  it('R8: units move between restricted groups, newest allotments first, without features', () => {
    const s = scenario();
    s.restrict('a', units(10, 10, 5));
    s.do(
      s.restriction(
        'a1',
        [
          { units: units(4, 4, 1), features: [] },
          { units: units(3, 1, 0), type: 'basic', validUntil: day('2026-09-01') },
        ],
        { newIds: ['old', 'new'] },
      ),
    );
    s.do(s.restriction('a2', [{ units: units(1, 1, 0) }], { newIds: ['kept'] }));
    const move = {
      type: 'TransferAllotments',
      now: START,
      fromGroupId: 'a1',
      toGroupId: 'a2',
      units: { sip_number: 5, mobile_app: 3, ukey2: 1 },
      reason: 'concierge moved',
      newId: 't',
      cascade: false,
      authority: VENDOR,
      toAuthority: VENDOR,
    } as const;
    const plus = { type: 'plus', features: [], validFrom: START, validUntil: null } as const;
    const basic = { ...plus, type: 'basic', validUntil: day('2026-09-01') } as const;
    expect(s.do(move)).toEqual([
      {
        type: 'AllotmentsTransferred',
        at: START,
        data: {
          fromGroupId: 'a1',
          toGroupId: 'a2',
          units: move.units,
          reason: 'concierge moved',
          fromAllotments: [
            { ...plus, allotmentId: 'old', units: units(2, 2, 0) },
            { ...basic, allotmentId: 'new', units: units(0, 0, 0) },
          ],
          toAllotments: [
            { ...plus, allotmentId: 'kept', units: units(1, 1, 0) },
            { ...basic, allotmentId: 't_0', units: units(3, 1, 0) },
            { ...plus, allotmentId: 't_1', units: units(2, 2, 1) },
          ],
          fromPlace: VENDOR,
          toPlace: VENDOR,
        },
      },
    ]);
    expect(s.do(move)).toEqual([]);
    const more = { ...move, newId: 'u' };
    expect(s.refusal(more)).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 5,
      available: 2,
      limitedBy: from('A1', 'a1', 2, null),
      at: START,
    });
    expect(s.refusal({ ...more, units: { sip_number: 1, mobile_app: 0, ukey2: 0 } })).toMatchObject({
      code: 'SIP_BELOW_MOBILE',
    });
    expect(s.refusal({ ...more, toGroupId: 'b' })).toMatchObject({ code: 'VALIDATION', field: 'toGroupId' });
    expect(s.refusal({ ...more, toGroupId: 'a1' })).toMatchObject({ code: 'VALIDATION', field: 'toGroupId' });
    expect(s.refusal({ ...more, units: { sip_number: 0, mobile_app: 0, ukey2: 0 } })).toMatchObject({
      code: 'VALIDATION',
      field: 'units',
    });
    expect(s.refusal({ ...more, toGroupId: 'unknown' })).toEqual({ code: 'NOT_FOUND', what: 'group', id: 'unknown' });
  });
});

describe('use', () => {
  it('G1: a label is kept in NFC, trimmed, with runs of white space made one; a blank one is refused', () => {
    const s = scenario();
    const typed = s.assignment('a', 'sip_number', { label: '  Tu\u0308r \t  1\u00a0 ' });
    expect(s.do(typed)).toMatchObject([{ type: 'AssignmentMade', data: { label: 'Tür 1' } }]);
    const blank = s.assignment('a', 'sip_number', { label: ' \u3000 ' });
    expect(s.refusal(blank)).toEqual({ code: 'VALIDATION', field: 'label', message: 'must not be empty' });
  });

  it('U1: what a subtree uses stays within the project and every restricted group above; the least of them is named', () => {
    const s = scenario();
    s.restrict('a', units(10, 0, 0)).restrict('a1', units(8, 0, 0));
    s.assign('a1', 'sip_number', 8);
    expect(s.refusal(s.assignment('a1'))).toMatchObject({ available: 0, limitedBy: from('A1', 'a1', 8, null) });
    // Two more in a, wherever they are put below it, and the group's own use counts as well.
    s.assign('a2', 'sip_number', 1);
    s.assign('a', 'sip_number', 1);
    expect(s.refusal(s.assignment('a2'))).toEqual({
      code: 'LIMIT_EXCEEDED',
      at: START,
      resource: 'sip_number',
      requested: 1,
      available: 0,
      limitedBy: from('A', 'a', 10, null),
    });
    s.assign('b', 'sip_number', 10);
    expect(s.refusal(s.assignment('b'))).toMatchObject({
      available: 0,
      limitedBy: from('Hafenblick', null, 20, day('2027-01-01')),
    });
  });

  it('U1: what is suspended does not count, and is not in the way of what is new', () => {
    const s = new ProjectScenario(START).open().place('a');
    s.plus(units(4, 0, 0), null, { licenseId: 'big' });
    s.plus(units(2, 0, 0));
    s.assign('a', 'sip_number', 6);
    s.do({ type: 'SuspendLicense', now: START, licenseId: 'big', reason: 'unpaid', authority: VENDOR });
    expect(s.quota('a').resources.sip_number).toMatchObject({ consumed: 2, suspended: 4, available: 0 });
    const [oldest] = assignmentsOf(s.state, 'a', START);
    // The room goes to the oldest that waits, not to who asks next.
    s.release('a', oldest!.assignmentId);
    expect(s.quota('a').resources.sip_number).toMatchObject({ consumed: 2, suspended: 3, available: 0 });
    expect(s.refusal(s.assignment('a'))).toMatchObject({ code: 'LIMIT_EXCEEDED', available: 0 });
  });

  it('U2: an app takes a number in force at its group, the oldest free one unless named, and holds it', () => {
    const s = scenario();
    expect(s.refusal(s.assignment('a', 'mobile_app'))).toEqual({ code: 'NO_SIP_NUMBER', groupId: 'a' });
    const [first, second] = s.assign('a', 'sip_number', 2) as [string, string];
    const app = s.assignment('a', 'mobile_app', { label: 'Phone', holder: 'm1' });
    expect(s.do(app)).toEqual([
      {
        type: 'AssignmentMade',
        at: START,
        data: {
          assignmentId: app.assignmentId,
          groupId: 'a',
          resource: 'mobile_app',
          label: 'Phone',
          holder: 'm1',
          sipAssignmentId: first,
        },
      },
    ]);
    expect(s.do(app)).toEqual([]);
    const named = (sipAssignmentId: string) => s.assignment('a', 'mobile_app', { sipAssignmentId });
    expect(s.refusal(named(first))).toEqual({
      code: 'SIP_NUMBER_IN_USE',
      assignmentId: first,
      pairedWith: app.assignmentId,
    });
    expect(s.refusal(named('unknown'))).toEqual({ code: 'NOT_FOUND', what: 'assignment', id: 'unknown' });
    expect(s.refusal({ ...named(second), groupId: 'b' })).toEqual({
      code: 'NOT_FOUND',
      what: 'assignment',
      id: second,
    });
    expect(s.refusal(s.assignment('a', 'ukey2', { sipAssignmentId: second }))).toMatchObject({
      code: 'VALIDATION',
      field: 'sipAssignmentId',
    });
    expect(s.refusal({ type: 'ReleaseAssignment', now: START, groupId: 'a', assignmentId: first })).toEqual({
      code: 'SIP_NUMBER_IN_USE',
      assignmentId: first,
      pairedWith: app.assignmentId,
    });
    expect(s.refusal({ type: 'ReleaseAssignment', now: START, groupId: 'b', assignmentId: second })).toEqual({
      code: 'NOT_FOUND',
      what: 'assignment',
      id: second,
    });
    s.release('a', app.assignmentId);
    expect(s.release('a', first)).toEqual([
      {
        type: 'AssignmentsReleased',
        at: START,
        data: { assignments: [{ assignmentId: first, groupId: 'a', resource: 'sip_number' }], reason: 'released' },
      },
    ]);
  });

  it('U3: a suspended number takes its app along; a suspended app leaves its number; a release brings back the oldest', () => {
    const s = new ProjectScenario(START).open();
    s.plus(units(3, 3, 0), null, { licenseId: 'big' });
    s.plus(units(2, 1, 0), null, { licenseId: 'small' });
    s.assign('p', 'sip_number', 4);
    s.assign('p', 'mobile_app', 4);
    s.do({ type: 'SuspendLicense', now: START, licenseId: 'big', reason: 'unpaid', authority: VENDOR });
    const status = () =>
      assignmentsOf(s.state, 'p', START)
        .map(({ resource, status: is }) => `${resource === 'sip_number' ? 'n' : 'a'}:${is === 'in_force' ? '+' : '-'}`)
        .join(' ');
    expect(status()).toBe('n:+ n:+ n:- n:- a:+ a:- a:- a:-');
    const app = assignmentsOf(s.state, 'p', START)[4]!;
    const number = assignmentsOf(s.state, 'p', START)[0]!;
    expect(s.release('p', app.assignmentId).map(({ type }) => type)).toEqual([
      'AssignmentsReleased',
      'AssignmentsReinstated',
    ]);
    expect(status()).toBe('n:+ n:+ n:- n:- a:+ a:- a:-');
    s.release('p', number.assignmentId);
    expect(status()).toBe('n:+ n:+ n:- a:+ a:- a:-');
  });

  it('U3: what is suspended in one place lets what waits in another return', () => {
    const s = new ProjectScenario(START).open().place('a', 'b');
    s.plus(units(4, 0, 0), day('2026-07-01'));
    s.plus(units(3, 0, 0));
    s.restrict('a', units(3, 0, 0), day('2026-07-01')).restrict('b', units(4, 0, 0));
    s.assign('a', 'sip_number', 3);
    s.assign('b', 'sip_number', 4);
    s.on(day('2026-07-01'));
    expect([s.quota('a').resources.sip_number.consumed, s.quota('b').resources.sip_number.consumed]).toEqual([0, 3]);
  });

  it('U4: removing a group or a member releases what was assigned through it', () => {
    const s = scenario();
    s.do({ ...s.assignment('a1', 'sip_number'), holder: 'm1', assignmentId: 'n1' });
    s.do({ ...s.assignment('a1', 'mobile_app'), holder: 'm2', assignmentId: 'app1' });
    s.do({ ...s.assignment('a2', 'ukey2'), assignmentId: 'k1' });
    const gone = { type: 'RemoveMember', now: START, memberId: 'm1', userId: 'u1', groupId: 'a1' } as const;
    expect(s.do(gone)).toEqual([
      {
        type: 'AssignmentsReleased',
        at: START,
        data: {
          assignments: [
            { assignmentId: 'app1', groupId: 'a1', resource: 'mobile_app' },
            { assignmentId: 'n1', groupId: 'a1', resource: 'sip_number' },
          ],
          reason: 'member_removed',
        },
      },
    ]);
    expect(s.do(gone)).toEqual([]);
    const removal = { type: 'RemoveGroup', now: START, groupId: 'a' } as const;
    expect(s.do(removal)).toEqual([
      {
        type: 'AssignmentsReleased',
        at: START,
        data: { assignments: [{ assignmentId: 'k1', groupId: 'a2', resource: 'ukey2' }], reason: 'group_removed' },
      },
      { type: 'GroupRemoved', at: START, data: { groupId: 'a' } },
    ]);
    expect(s.do(removal)).toEqual([]);
    expect(s.refusal(s.assignment('a2'))).toEqual({ code: 'NOT_FOUND', what: 'group', id: 'a2' });
    expect(s.refusal({ type: 'RemoveGroup', now: START, groupId: 'p' })).toMatchObject({
      code: 'VALIDATION',
      field: 'groupId',
    });
  });

  it('U5: an allotment that ends where the next starts suspends nothing; an instant before the last counts as the last', () => {
    const s = scenario();
    s.do(
      s.restriction(
        'a',
        [
          { units: units(3, 0, 0), validUntil: day('2026-07-01') },
          { units: units(3, 0, 0), validFrom: day('2026-07-01'), validUntil: day('2026-08-01') },
        ],
        { newIds: ['x', 'y'] },
      ),
    );
    s.assign('a', 'sip_number', 3);
    expect(s.on(day('2026-07-02'))).toEqual([
      { type: 'AllotmentsEnded', at: day('2026-07-01'), data: { allotments: [{ groupId: 'a', allotmentId: 'x' }] } },
      { type: 'AllotmentsStarted', at: day('2026-07-01'), data: { allotments: [{ groupId: 'a', allotmentId: 'y' }] } },
    ]);
    expect(s.do({ ...s.assignment('b'), now: START })[0]!.at).toBe(day('2026-07-01'));
  });

  it('U5: a decision first records what became due, in order', () => {
    const s = scenario();
    s.restrict('a', units(3, 0, 0), day('2026-07-01'));
    s.assign('a1', 'sip_number', 1);
    const late = { ...s.assignment('b'), now: day('2027-02-01') };
    expect(s.refusal(late)).toEqual({
      code: 'LICENSE_EXPIRED',
      groupId: 'b',
      resource: 'sip_number',
      limitedBy: from('Hafenblick', null, 0, null),
    });
    s.plus(units(1, 0, 0));
    expect(s.do(late).map(({ type, at }) => [type, at])).toEqual([
      ['AllotmentsEnded', day('2026-07-01')],
      ['AssignmentsSuspended', day('2026-07-01')],
      ['LicenseExpired', day('2027-01-01')],
      ['AssignmentMade', day('2027-02-01')],
    ]);
  });

  it('E1: `from` is in and `until` is out; grace keeps what is in use and grants nothing new', () => {
    const s = scenario();
    s.restrict('a', units(3, 0, 0), day('2026-07-01'), { gracePeriodDays: 5 });
    s.assign('a', 'sip_number', 2);
    s.on(day('2026-07-01') - 1);
    expect(s.quota('a')).toMatchObject({ status: 'active', resources: { sip_number: { limit: 3, available: 1 } } });
    expect(s.on(day('2026-07-01')).map(({ type }) => type)).toEqual(['AllotmentsEnded']);
    expect(s.quota('a')).toMatchObject({
      status: 'grace',
      resources: { sip_number: { limit: 0, consumed: 2, available: 0 } },
    });
    expect(s.refusal(s.assignment('a'))).toMatchObject({
      code: 'LICENSE_EXPIRED',
      limitedBy: { groupId: 'a', limit: 0 },
    });
    expect(s.on(day('2026-07-06')).map(({ type, at }) => [type, at])).toEqual([
      ['GracePeriodsEnded', day('2026-07-06')],
      ['AssignmentsSuspended', day('2026-07-06')],
    ]);
    expect(s.quota('a').status).toBe('expired');
  });
});

describe('days of grace', () => {
  it('E4: are days of the calendar in the time zone of the project, also when its clocks change', () => {
    const s = scenario();
    // Midnight in Berlin on 24 October; its clocks go back in the night to the 25th.
    const end = Date.parse('2026-10-23T22:00:00Z');
    const graceEnd = Date.parse('2026-10-26T23:00:00Z');
    s.restrict('a', units(3, 0, 0), end, { gracePeriodDays: 3 });
    s.assign('a', 'sip_number', 2);
    s.on(end);
    expect(s.on(graceEnd - 1)).toEqual([]);
    expect(s.on(graceEnd).map(({ type, at }) => [type, at])).toEqual([
      ['GracePeriodsEnded', graceEnd],
      ['AssignmentsSuspended', graceEnd],
    ]);
  });
});

describe('groups', () => {
  it('G3: a place that cannot hold what the group uses or was allotted is refused, with the reason', () => {
    const s = scenario();
    s.restrict('a1', units(4, 0, 0)).restrict('b', units(3, 0, 0));
    expect(checkRelocation(s.state, { groupId: 'a1', parentId: 'b', now: START })).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      requested: 4,
      available: 3,
      limitedBy: { groupId: 'b' },
    });
    s.assign('a2', 'sip_number', 4);
    expect(checkRelocation(s.state, { groupId: 'a2', parentId: 'b', now: START })).toEqual({
      code: 'DESCENDANTS_AFFECTED',
      groups: [],
      suspensions: [{ groupId: 'a2', name: 'A2', resource: 'sip_number', count: 1 }],
      shortage: {
        resource: 'sip_number',
        requested: 4,
        available: 3,
        limitedBy: { groupId: 'b', name: 'B', limit: 3, validUntil: null },
      },
    });
    expect(checkRelocation(s.state, { groupId: 'a2', parentId: 'p', now: START })).toBeNull();
    expect(checkRelocation(s.state, { groupId: 'a', parentId: 'a1', now: START })).toMatchObject({
      code: 'VALIDATION',
      field: 'parentId',
    });
    expect(checkRelocation(s.state, { groupId: 'x', parentId: 'a1', now: START })).toEqual({
      code: 'NOT_FOUND',
      what: 'group',
      id: 'x',
    });
  });

  it('records a move as a fact, keeps assignments, and suspends what does not fit', () => {
    const s = scenario();
    s.restrict('b', units(3, 0, 0));
    s.assign('a2', 'sip_number', 4);
    const move = { type: 'RelocateGroup', now: START, groupId: 'a2', parentId: 'b' } as const;
    expect(s.do(move).map(({ type }) => type)).toEqual(['GroupRelocated', 'AssignmentsSuspended']);
    expect(s.do(move)).toEqual([]);
    expect(s.quota('b').resources.sip_number).toMatchObject({ consumed: 3, suspended: 1 });
    expect(s.quota('a').resources.sip_number).toMatchObject({ consumed: 0, suspended: 0 });
  });

  it('G3, L4: a group leaves for another project only with nothing assigned or allotted in it', () => {
    const s = scenario();
    expect(checkDeparture(s.state, 'a', START)).toBeNull();
    const [number] = s.assign('a1', 'sip_number') as [string];
    expect(checkDeparture(s.state, 'a', START)).toMatchObject({ code: 'NOT_TRANSFERABLE', groupId: 'a' });
    s.release('a1', number);
    s.restrict('a1', units(1, 0, 0));
    expect(checkDeparture(s.state, 'a', START)).toMatchObject({
      code: 'NOT_TRANSFERABLE',
      reason: 'units are allotted in the group or below it',
    });
    expect(checkDeparture(s.state, 'x', START)).toEqual({ code: 'NOT_FOUND', what: 'group', id: 'x' });
  });

  it('takes the same facts twice and refuses to guess about unknown ones', () => {
    const s = scenario();
    const groups = [{ groupId: 'c', parentId: 'p', type: 'building', name: 'C' }] as const;
    const place = { type: 'PlaceGroups', now: START, groups } as const;
    expect(s.do(place)).toEqual([{ type: 'GroupsPlaced', at: START, data: { groups } }]);
    expect(s.do(place)).toEqual([]);
    expect(s.refusal({ ...place, groups: [{ groupId: 'd', parentId: 'unknown', type: 'custom', name: 'D' }] })).toEqual(
      { code: 'NOT_FOUND', what: 'group', id: 'unknown' },
    );
    const change = { type: 'ChangeGroup', now: START, groupId: 'c', groupType: 'custom', name: 'See' } as const;
    expect(s.do(change)).toEqual([
      { type: 'GroupChanged', at: START, data: { groupId: 'c', type: 'custom', name: 'See' } },
    ]);
    expect(s.do(change)).toEqual([]);
    expect(s.refusal({ type: 'AddDevice', now: START, serialNumber: 'd', groupId: 'unknown' })).toEqual({
      code: 'NOT_FOUND',
      what: 'group',
      id: 'unknown',
    });
    const closed = new ProjectScenario(START);
    expect(closed.refusal({ type: 'TakeEffect', now: START })).toEqual({ code: 'NOT_FOUND', what: 'project', id: '' });
  });
});
