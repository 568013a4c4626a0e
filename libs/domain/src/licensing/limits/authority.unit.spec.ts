import { describe, expect, it } from '@jest/globals';
import { FEATURES } from '../../words.js';
import { VENDOR } from './authority.js';
import { projectCodec } from '../model/codec.js';
import type { ProjectCommand } from '../model/commands.js';
import type { LicenseSource, Place } from '../model/events.js';
import { projectAggregate } from '../project.aggregate.js';
import { decodeSnapshot, encodeSnapshot } from '../model/snapshot.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const DAY = 86_400_000;

/** The project `p` belongs to the dealer `nordlicht` in the tenant `t`. */
const TENANT: Place = { kind: 'partner', partnerId: 't' };
const DEALER: Place = { kind: 'partner', partnerId: 'nordlicht' };
const OTHER_DEALER: Place = { kind: 'partner', partnerId: 'another' };
const group = (groupId: string): Place => ({ kind: 'group', groupId });
const at = (groupId: string) => ({
  kind: 'group',
  groupId,
  name: groupId === 'p' ? 'Hafenblick' : groupId.toUpperCase(),
});

const packageOf = (partnerId: string): LicenseSource => ({
  kind: 'package',
  partnerId,
  packageId: 'k',
  packageValidUntil: null,
});

function scenario(): ProjectScenario {
  const setup = new ProjectScenario(START).open().place('a', 'b', 'a1 under a', 'a2 under a');
  setup.plus(units(20, 20, 10), day('2027-01-01'));
  return setup;
}

describe('L1: a trial', () => {
  const trial = { licenseType: 'trial', units: units(null, null, null), usualUntil: START + 30 * DAY } as const;

  it('has the usual term unless a server administrator grants it', () => {
    const s = new ProjectScenario(START).open();
    const fixed = { code: 'TRIAL_TERM_FIXED', validUntil: START + 30 * DAY };
    for (const authority of [TENANT, DEALER, group('p')]) {
      const by = { ...trial, authority };
      expect(s.refusal(s.grant({ ...by, validUntil: START + 31 * DAY }))).toEqual(fixed);
      expect(s.refusal(s.grant({ ...by, validUntil: null }))).toEqual(fixed);
      expect(s.refusal(s.grant({ ...by, validFrom: START, validUntil: START + 30 * DAY }))).toEqual(fixed);
    }
    expect(s.do(s.grant({ ...trial, validUntil: null, authority: VENDOR, licenseId: 'l' }))).toEqual([
      {
        type: 'LicenseGranted',
        at: START,
        data: {
          licenseId: 'l',
          type: 'trial',
          units: units(null, null, null),
          features: FEATURES,
          validFrom: START,
          validUntil: null,
          source: { kind: 'manual' },
        },
      },
    ]);
  });

  it('of the usual term is granted once by an authorized caller, and never again', () => {
    const s = new ProjectScenario(START).open();
    const usual = { ...trial, validUntil: START + 30 * DAY, authority: TENANT };
    expect(s.do(s.grant({ ...usual, licenseId: 'l' }))).toHaveLength(1);
    expect(s.refusal(s.grant(usual))).toEqual({ code: 'TRIAL_ALREADY_USED', licenseId: 'l' });
  });

  it('is not granted with its own term when the place of the caller is unknown', () => {
    const s = new ProjectScenario(START).open();
    const { usualUntil: _, ...nobody } = { ...trial, validUntil: START + 30 * DAY };
    expect(s.refusal(s.grant(nobody))).toEqual({ code: 'TRIAL_TERM_FIXED', validUntil: null });
  });
});

describe('L4: a license is changed only from the place it was issued from or above it', () => {
  const changes = (authority: Place): ProjectCommand[] => {
    const on = { now: START, licenseId: 'l', authority };
    return [
      { type: 'ExtendLicense', ...on, validUntil: null },
      { type: 'SuspendLicense', ...on, reason: 'unpaid' },
      { type: 'ReinstateLicense', ...on },
      { type: 'RevokeLicense', ...on, reason: 'fraud' },
    ];
  };
  const issued = (source: LicenseSource, licenseType: 'trial' | 'plus' = 'plus'): ProjectScenario => {
    const s = new ProjectScenario(START).open();
    s.plus(units(5, 5, 0), START + 30 * DAY, { licenseId: 'l', source, licenseType, authority: VENDOR });
    return s;
  };

  it.each<[string, LicenseSource, Place, Place[], Place[]]>([
    ['a trial by hand', { kind: 'manual' }, VENDOR, [TENANT, DEALER, group('p')], [VENDOR]],
    ['a trial of a registration', { kind: 'registration' }, VENDOR, [TENANT, DEALER, group('p')], [VENDOR]],
    ["the tenant's", packageOf('t'), TENANT, [DEALER, OTHER_DEALER, group('p')], [VENDOR, TENANT]],
    ["the dealer's", packageOf('nordlicht'), DEALER, [OTHER_DEALER, group('p')], [VENDOR, TENANT, DEALER]],
    ["another dealer's", packageOf('another'), OTHER_DEALER, [DEALER, group('p')], [VENDOR, TENANT]],
  ])('%s', (_whose, source, place, below, above) => {
    const type = source.kind === 'package' ? 'plus' : 'trial';
    for (const authority of below) {
      const s = issued(source, type);
      for (const change of changes(authority))
        expect(s.refusal(change)).toEqual({ code: 'ISSUED_FROM_ABOVE', licenseId: 'l', place });
    }
    for (const authority of above)
      expect(
        changes(authority)
          .flatMap((change, _index, _all, s = issued(source, type)) => s.do(change))
          .map((event) => event.type),
      ).toEqual(['LicenseExtended', 'LicenseSuspended', 'LicenseRevoked']);
  });

  it('a license suspended from above is reinstated from there or above', () => {
    const s = issued(packageOf('nordlicht'));
    const suspend = (authority: Place) =>
      ({ type: 'SuspendLicense', now: START, licenseId: 'l', reason: 'unpaid', authority }) as const;
    const reinstate = (authority: Place) =>
      ({ type: 'ReinstateLicense', now: START, licenseId: 'l', authority }) as const;
    s.do(suspend(TENANT));
    expect(s.refusal(reinstate(DEALER))).toEqual({ code: 'SUSPENDED_FROM_ABOVE', licenseId: 'l', place: TENANT });
    expect(s.do(reinstate(TENANT))).toEqual([{ type: 'LicenseReinstated', at: START, data: { licenseId: 'l' } }]);
    s.do(suspend(DEALER));
    expect(s.do(reinstate(DEALER))).toHaveLength(1);
  });

  it('a suspension from further up takes the place of one from below, not the other way round', () => {
    const s = issued(packageOf('nordlicht'));
    const suspend = { type: 'SuspendLicense', now: START, licenseId: 'l', reason: 'fraud' } as const;
    s.do({ ...suspend, authority: DEALER });
    expect(s.do({ ...suspend, authority: VENDOR })).toEqual([
      { type: 'LicenseSuspended', at: START, data: { licenseId: 'l', reason: 'fraud', place: VENDOR } },
    ]);
    expect(s.do({ ...suspend, authority: DEALER })).toEqual([]);
    expect(s.refusal({ type: 'ReinstateLicense', now: START, licenseId: 'l', authority: TENANT })).toEqual({
      code: 'SUSPENDED_FROM_ABOVE',
      licenseId: 'l',
      place: VENDOR,
    });
  });

  it('a suspension that was recorded without its place is lifted by the vendor alone', () => {
    const s = issued(packageOf('nordlicht'));
    const at = '2026-06-01T00:00:00.000Z';
    projectAggregate.evolve(s.state, projectCodec.decode('LicenseSuspended', { at, licenseId: 'l', reason: 'unpaid' }));
    const reinstate = { type: 'ReinstateLicense', now: START, licenseId: 'l' } as const;
    expect(s.refusal({ ...reinstate, authority: TENANT })).toMatchObject({ code: 'SUSPENDED_FROM_ABOVE' });
    expect(s.do({ ...reinstate, authority: VENDOR })).toHaveLength(1);
  });
});

describe('R9: a limit set from above can be tightened from below, not loosened', () => {
  const TEN = [
    { allotmentId: 'x', units: units(10, 8, 2), features: ['siri'] as const, validUntil: day('2026-12-01') },
  ];
  const put = (
    s: ProjectScenario,
    allotments: Parameters<ProjectScenario['restriction']>[1],
    authority: Place,
    options: Parameters<ProjectScenario['restriction']>[2] = {},
  ) => s.restriction('a', allotments, { authority, newIds: allotments.map((_, index) => `new-${index}`), ...options });
  /** Building a has 10/8/2 until December, reserved, with three days of grace, set by the tenant. */
  const restricted = (): ProjectScenario => {
    const s = scenario();
    const [{ allotmentId: _, ...first }] = TEN as [(typeof TEN)[0]];
    s.do(put(s, [first], TENANT, { newIds: ['x'], poolMode: 'reserved', gracePeriodDays: 3 }));
    return s;
  };
  const asIs = { poolMode: 'reserved', gracePeriodDays: 3 } as const;
  const refused = { code: 'SET_FROM_ABOVE', groupId: 'a', place: TENANT };

  it.each<[string, object, object]>([
    ['more units', { units: units(11, 8, 2) }, {}],
    ['a later end', { validUntil: day('2026-12-02') }, {}],
    ['no end', { validUntil: null }, {}],
    ['more features', { features: ['siri', 'elevators'] }, {}],
    ['a shared pool', {}, { poolMode: 'shared' }],
    ['more days of grace', {}, { gracePeriodDays: 4 }],
    ['no restriction', {}, { enabled: false }],
    ['days of grace turned into days of term', { validUntil: day('2026-12-04') }, { gracePeriodDays: 0 }],
    ['fewer of one and more of another', { units: units(9, 9, 2) }, {}],
  ])('refuses %s from a group below and from the dealer', (_what, allotment, settings) => {
    const s = restricted();
    for (const authority of [DEALER, group('p'), group('a')])
      expect(s.refusal(put(s, [{ ...TEN[0], ...allotment }], authority, { ...asIs, ...settings }))).toEqual(refused);
    for (const authority of [TENANT, VENDOR]) {
      const allowed = restricted();
      expect(allowed.do(put(allowed, [{ ...TEN[0], ...allotment }], authority, { ...asIs, ...settings }))).toHaveLength(
        1,
      );
    }
  });

  it.each<[string, object[], object]>([
    ['fewer units', [{ ...TEN[0], units: units(9, 8, 1) }], asIs],
    ['a nearer end', [{ ...TEN[0], validUntil: day('2026-11-01') }], asIs],
    ['fewer features', [{ ...TEN[0], features: [] }], asIs],
    ['fewer days of grace', TEN, { ...asIs, gracePeriodDays: 0 }],
    ['nothing at all', [], asIs],
    [
      'the same in two parts',
      [
        { ...TEN[0], units: units(4, 4, 0) },
        { ...TEN[0], allotmentId: null, units: units(6, 4, 2) },
      ],
      asIs,
    ],
  ])('accepts %s from below, and it stays set from above', (_what, allotments, settings) => {
    const s = restricted();
    const [changed] = s.do(put(s, allotments, group('a'), settings));
    expect(changed).toMatchObject({ type: 'RestrictionChanged', data: { place: TENANT } });
    const more = { ...TEN[0], allotmentId: null, units: units(11, 8, 2) };
    expect(s.refusal(put(s, [more], group('a'), { ...asIs, newIds: ['other'] }))).toEqual(refused);
  });

  it('refuses an extension of grace that a second allotment would hide', () => {
    const s = restricted();
    const halves = [
      { ...TEN[0], validUntil: day('2026-09-01') },
      { ...TEN[0], allotmentId: null, validFrom: day('2026-09-01') },
    ];
    // Each half has days of grace of its own, so in September twice as much would be kept as in one piece.
    expect(s.refusal(put(s, halves, group('a'), asIs))).toEqual(refused);
  });

  it('refuses more days of grace also where no term has an end yet', () => {
    const s = scenario();
    const endless = { allotmentId: 'x', units: units(10, 8, 2) };
    s.do(put(s, [{ units: endless.units }], TENANT, { newIds: ['x'], gracePeriodDays: 3 }));
    expect(s.refusal(put(s, [endless], group('a'), { gracePeriodDays: 4 }))).toEqual(refused);
    expect(s.do(put(s, [endless], group('a'), { gracePeriodDays: 2 }))).toHaveLength(1);
  });

  it('accepts a pool that stays shared, or becomes reserved', () => {
    const s = scenario();
    s.do(put(s, [{ units: units(10, 8, 2) }], TENANT, { newIds: ['x'] }));
    const fewer = { allotmentId: 'x', units: units(9, 8, 2) };
    expect(s.do(put(s, [fewer], group('a')))).toHaveLength(1);
    expect(s.do(put(s, [fewer], group('a'), { poolMode: 'reserved' }))).toHaveLength(1);
  });

  it('accepts an end where there was none, with its days of grace', () => {
    const s = scenario();
    s.do(put(s, [{ units: units(10, 8, 2) }], TENANT, { newIds: ['x'], gracePeriodDays: 3 }));
    const ending = { allotmentId: 'x', units: units(10, 8, 2), validUntil: day('2026-09-01') };
    expect(s.do(put(s, [ending], group('a'), { gracePeriodDays: 3 }))).toHaveLength(1);
  });

  it('accepts two terms so far apart that the days of grace of the first are over', () => {
    const s = restricted();
    const early = { ...TEN[0], validUntil: day('2026-09-01') };
    const late = { ...TEN[0], allotmentId: null, validFrom: day('2026-10-01') };
    expect(s.do(put(s, [early, late], group('a'), asIs))).toHaveLength(1);
  });

  it('leaves reminders free, and a reminder set from above changes no place', () => {
    const s = restricted();
    const reminder = { daysBefore: [7], recurrence: 'once', recipients: 'administrators' } as const;
    expect(s.do(put(s, TEN, group('a'), { ...asIs, reminder }))).toMatchObject([{ data: { place: TENANT } }]);
    expect(s.do(put(s, TEN, VENDOR, asIs))).toMatchObject([{ data: { place: TENANT } }]);
    expect(s.do(put(s, [], TENANT, { enabled: false }))).toHaveLength(1);
  });

  it('belongs to the place that enabled it, and then to the highest that changed it', () => {
    const s = scenario();
    s.do(put(s, [{ units: units(5, 0, 0) }], group('a'), { newIds: ['x'] }));
    s.do(put(s, [{ allotmentId: 'x', units: units(6, 0, 0) }], group('a')));
    s.do(put(s, [{ allotmentId: 'x', units: units(5, 0, 0) }], group('p')));
    expect(s.refusal(put(s, [{ allotmentId: 'x', units: units(6, 0, 0) }], group('a')))).toEqual({
      code: 'SET_FROM_ABOVE',
      groupId: 'a',
      place: at('p'),
    });
    s.do(put(s, [], DEALER, { enabled: false }));
    s.do(put(s, [{ units: units(5, 0, 0) }], group('a'), { newIds: ['y'] }));
    expect(s.do(put(s, [], group('a'), { enabled: false }))).toHaveLength(1);
  });

  it('an unrecorded place is right above the group: its parent, or the partner for the root', () => {
    const s = scenario();
    const recorded = (groupId: string): void => {
      const data = {
        at: '2026-06-01T00:00:00.000Z',
        groupId,
        enabled: true,
        poolMode: 'shared',
        gracePeriodDays: 0,
        reminder: null,
        allotments: [],
      };
      projectAggregate.evolve(s.state, projectCodec.decode('RestrictionChanged', data));
    };
    for (const groupId of ['p', 'a', 'a1']) recorded(groupId);
    const off = (groupId: string, authority: Place) => s.restriction(groupId, [], { enabled: false, authority });
    expect(s.refusal(off('p', group('p')))).toEqual({ code: 'SET_FROM_ABOVE', groupId: 'p', place: DEALER });
    expect(s.refusal(off('a', group('a')))).toEqual({ code: 'SET_FROM_ABOVE', groupId: 'a', place: at('p') });
    expect(s.do(off('a1', group('a')))).toHaveLength(1);
    expect(s.do(off('a', group('p')))).toHaveLength(1);
    expect(s.do(off('p', DEALER))).toHaveLength(1);
  });

  it('a place that moved away or is gone still binds: moving or removing a group does not lift it', () => {
    const s = scenario();
    s.do(s.restriction('a1', [{ units: units(5, 0, 0) }], { authority: group('a') }));
    s.do({ type: 'RelocateGroup', now: START, groupId: 'a1', parentId: 'b' });
    const off = (authority: Place) => s.restriction('a1', [], { enabled: false, authority });
    expect(s.refusal(off(group('b')))).toEqual({ code: 'SET_FROM_ABOVE', groupId: 'a1', place: at('a') });
    s.do({ type: 'RemoveGroup', now: START, groupId: 'a' });
    expect(s.refusal(off(group('b')))).toMatchObject({ code: 'SET_FROM_ABOVE', groupId: 'a1' });
    expect(s.do(off(group('p')))).toHaveLength(1);
  });

  it('R8: units reach a restriction only from a place that can loosen it; it gives them from anywhere', () => {
    const s = scenario();
    s.do(s.restriction('a1', [{ units: units(4, 0, 0) }], { authority: TENANT }));
    s.do(s.restriction('a2', [{ units: units(4, 0, 0) }], { authority: group('a') }));
    const move = {
      type: 'TransferAllotments',
      now: START,
      units: { sip_number: 2, mobile_app: 0, ukey2: 0 },
      reason: 'needed more',
      cascade: false,
      authority: group('a'),
      toAuthority: group('a'),
    } as const;
    expect(s.refusal({ ...move, fromGroupId: 'a2', toGroupId: 'a1', newId: 'n' })).toEqual({
      code: 'SET_FROM_ABOVE',
      groupId: 'a1',
      place: TENANT,
    });
    expect(s.do({ ...move, fromGroupId: 'a1', toGroupId: 'a2', newId: 'n' })).toMatchObject([
      { type: 'AllotmentsTransferred', data: { fromPlace: TENANT, toPlace: group('a') } },
    ]);
    expect(s.do({ ...move, fromGroupId: 'a2', toGroupId: 'a1', newId: 'm', toAuthority: VENDOR })).toMatchObject([
      { data: { fromPlace: group('a'), toPlace: VENDOR } },
    ]);
  });

  it("binds a person's own limits likewise", () => {
    const s = scenario();
    const set = (limits: ReturnType<typeof units>, authority: Place, featuresOff: readonly 'siri'[] = ['siri']) =>
      ({ type: 'SetMemberLimits', now: START, groupId: 'a1', userId: 'eva', limits, featuresOff, authority }) as const;
    s.do(set(units(2, 1, null), group('p')));
    const above = { code: 'SET_FROM_ABOVE', groupId: 'a1', place: at('p') };
    expect(s.refusal(set(units(2, 2, null), group('a')))).toEqual(above);
    expect(s.refusal(set(units(2, null, null), group('a')))).toEqual(above);
    expect(s.refusal(set(units(2, 1, null), group('a1'), []))).toEqual(above);
    expect(s.do(set(units(1, 1, 0), group('a1')))).toMatchObject([{ data: { place: group('p') } }]);
    expect(s.do(set(units(null, null, null), DEALER, []))).toHaveLength(1);
    expect(s.do(set(units(1, 1, 0), group('a1')))).toMatchObject([{ data: { place: group('a1') } }]);
  });

  it('is in a snapshot, for restrictions, suspensions and the limits of persons', () => {
    const s = restricted();
    s.plus(units(1, 0, 0), null, { licenseId: 'l', source: packageOf('t') });
    s.do({ type: 'SuspendLicense', now: START, licenseId: 'l', reason: 'unpaid', authority: VENDOR });
    s.do({
      type: 'SetMemberLimits',
      now: START,
      groupId: 'a',
      userId: 'eva',
      limits: units(1, 1, 1),
      featuresOff: [],
      authority: TENANT,
    });
    const read = decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(s.state))));
    for (const state of [s.state, read]) {
      expect(state.restrictions.get('a')?.place).toEqual(TENANT);
      expect(state.licenses.get('l')?.suspendedFrom).toEqual(VENDOR);
      expect(state.memberLimits.get('a')?.get('eva')?.place).toEqual(TENANT);
    }
  });
});
