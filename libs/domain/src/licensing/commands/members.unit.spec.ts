import { describe, expect, it } from '@jest/globals';
import { FEATURES } from '../../words.js';
import { VENDOR } from '../limits/authority.js';
import type { ProjectCommandOf } from '../model/commands.js';
import { memberQuotaOf } from '../queries/member-quota.js';
import { decodeSnapshot, encodeSnapshot } from '../model/snapshot.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');

/** Apartment 1 in unit a has 4 numbers, 4 apps and 2 keys, with every feature. */
function scenario(): ProjectScenario {
  const setup = new ProjectScenario(START).open().place('a', 'a1 under a', 'a2 under a');
  setup.plus(units(20, 20, 10), day('2027-01-01'));
  setup.do(setup.restriction('a1', [{ units: units(4, 4, 2), features: FEATURES }]));
  return setup;
}

const narrow = (
  groupId: string,
  limits: ReturnType<typeof units>,
  options: Partial<ProjectCommandOf<'SetMemberLimits'>> = {},
): ProjectCommandOf<'SetMemberLimits'> => ({
  type: 'SetMemberLimits',
  now: START,
  groupId,
  userId: 'eva',
  limits,
  featuresOff: [],
  authority: VENDOR,
  ...options,
});

const forEva = { holder: 'eva' };

describe('the limits of a person', () => {
  it('bind the assignments of that person only', () => {
    const s = scenario();
    const set = narrow('a1', units(1, null, null));
    expect(s.do(set)).toEqual([
      {
        type: 'MemberLimitsSet',
        at: START,
        data: { groupId: 'a1', userId: 'eva', limits: units(1, null, null), featuresOff: [], place: VENDOR },
      },
    ]);
    expect(s.do(set)).toEqual([]);
    s.do(s.assignment('a1', 'sip_number', forEva));
    expect(s.refusal(s.assignment('a1', 'sip_number', forEva))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 1,
      available: 0,
      limitedBy: { groupId: 'a1', name: 'A1', userId: 'eva', limit: 1, validUntil: null },
      at: START,
    });
    s.do(s.assignment('a1', 'mobile_app', forEva));
    s.do(s.assignment('a1', 'sip_number', { holder: 'ali' }));
    s.assign('a1', 'sip_number', 2);
    expect(s.refusal(s.assignment('a1', 'sip_number', { holder: 'ali' }))).toMatchObject({
      limitedBy: { groupId: 'a1', limit: 4 },
    });
  });

  it('hold for the group and everything below it, each on the path', () => {
    const s = scenario();
    s.do(narrow('a', units(2, 0, 0)));
    s.do(narrow('a1', units(3, 3, 0)));
    s.do(s.assignment('a1', 'sip_number', forEva));
    s.do(s.assignment('a2', 'sip_number', forEva));
    expect(s.refusal(s.assignment('a1', 'sip_number', forEva))).toMatchObject({
      limitedBy: { groupId: 'a', userId: 'eva', limit: 2 },
    });
    s.do(s.assignment('p', 'sip_number', forEva));
  });

  it('only narrow: a higher limit than that of the group has no effect', () => {
    const s = scenario();
    s.do(narrow('a1', units(100, 100, 100)));
    expect(memberQuotaOf(s.state, 'a1', 'eva', START)!.resources.sip_number).toEqual({
      limit: 100,
      effectiveLimit: 4,
      limitedBy: { groupId: 'a1', name: 'A1' },
      consumed: 0,
      suspended: 0,
      available: 4,
    });
    s.assign('a1', 'sip_number', 4);
    expect(s.refusal(s.assignment('a1', 'sip_number', forEva))).toMatchObject({
      limitedBy: { groupId: 'a1', name: 'A1', limit: 4 },
    });
  });

  it('lowered below the use take nothing away and grant nothing new until less is held', () => {
    const s = scenario();
    const first = s.assignment('a1', 'ukey2', forEva);
    const second = s.assignment('a1', 'ukey2', forEva);
    s.do(first);
    s.do(second);
    expect(s.do(narrow('a1', units(null, null, 1)))).toHaveLength(1);
    const quota = () => memberQuotaOf(s.state, 'a1', 'eva', START)!.resources.ukey2;
    expect(quota()).toMatchObject({ effectiveLimit: 1, consumed: 2, suspended: 0, available: 0 });
    s.release('a1', first.assignmentId);
    expect(quota()).toMatchObject({ consumed: 1, available: 0 });
    expect(s.refusal(s.assignment('a1', 'ukey2', forEva))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    s.release('a1', second.assignmentId);
    s.do(s.assignment('a1', 'ukey2', forEva));
  });

  it('count suspended assignments, because they return', () => {
    const s = scenario();
    s.do(narrow('a1', units(1, 0, 0)));
    s.do(s.assignment('a1', 'sip_number', forEva));
    s.do(s.restriction('a1', [], { enabled: false }));
    const end = day('2027-01-01');
    s.on(end);
    const resources = memberQuotaOf(s.state, 'a1', 'eva', end)!.resources;
    expect(resources.sip_number).toMatchObject({ consumed: 0, suspended: 1, available: 0 });
    s.plus(units(5, 5, 0));
    expect(memberQuotaOf(s.state, 'a1', 'eva', end)!.resources.sip_number).toMatchObject({ consumed: 1, suspended: 0 });
    expect(s.refusal(s.assignment('a1', 'sip_number', forEva))).toMatchObject({ limitedBy: { userId: 'eva' } });
  });

  it('switch features off at once, and on again only where the group has them', () => {
    const s = scenario();
    s.do(s.restriction('a1', [{ units: units(4, 4, 2), features: ['siri', 'elevators'] }]));
    s.do(narrow('a1', units(null, null, null), { featuresOff: ['siri', 'whitelabel'] }));
    const { on, off } = memberQuotaOf(s.state, 'a1', 'eva', START)!.features;
    expect(on).toEqual(['elevators']);
    expect(off.find(({ feature }) => feature === 'siri')).toEqual({
      feature: 'siri',
      limitedBy: { groupId: 'a1', name: 'A1', userId: 'eva' },
    });
    expect(off.find(({ feature }) => feature === 'whitelabel')).toEqual({
      feature: 'whitelabel',
      limitedBy: { groupId: 'a1', name: 'A1' },
    });
    expect(s.quota('a1').features.on).toEqual(['siri', 'elevators']);
    s.do(narrow('a1', units(null, null, null)));
    expect(memberQuotaOf(s.state, 'a1', 'eva', START)!.features.on).toEqual(['siri', 'elevators']);
  });

  it('U4: end with the membership, and assignments through it are released there and below', () => {
    const s = scenario();
    s.do(narrow('a', units(2, 0, 2)));
    s.do({ ...s.assignment('a1', 'ukey2', forEva), assignmentId: 'below' });
    s.do({ ...s.assignment('p', 'ukey2', forEva), assignmentId: 'elsewhere' });
    const gone = { type: 'RemoveMember', now: START, memberId: 'm', userId: 'eva', groupId: 'a' } as const;
    expect(s.do(gone)).toEqual([
      {
        type: 'AssignmentsReleased',
        at: START,
        data: {
          assignments: [{ assignmentId: 'below', groupId: 'a1', resource: 'ukey2' }],
          reason: 'member_removed',
        },
      },
      {
        type: 'MemberLimitsSet',
        at: START,
        data: { groupId: 'a', userId: 'eva', limits: units(null, null, null), featuresOff: [], place: null },
      },
    ]);
    expect(s.do(gone)).toEqual([]);
    expect(memberQuotaOf(s.state, 'a', 'eva', START)!.limits).toEqual(units(null, null, null));
  });

  it('are removed with the group, move with it, and are in a snapshot', () => {
    const s = scenario();
    s.do(narrow('a1', units(1, 0, 0), { featuresOff: ['siri'] }));
    s.do({ type: 'RelocateGroup', now: START, groupId: 'a1', parentId: 'p' });
    const read = decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(s.state))));
    for (const state of [s.state, read]) {
      const quota = memberQuotaOf(state, 'a1', 'eva', START)!;
      expect([quota.limits, quota.featuresOff]).toEqual([units(1, 0, 0), ['siri']]);
    }
    s.do({ type: 'RemoveGroup', now: START, groupId: 'a1' });
    expect(memberQuotaOf(s.state, 'a1', 'eva', START)).toBeNull();
    expect(s.state.memberLimits.size).toBe(0);
    expect(s.refusal(narrow('a1', units(1, 0, 0)))).toEqual({ code: 'NOT_FOUND', what: 'group', id: 'a1' });
  });
});
