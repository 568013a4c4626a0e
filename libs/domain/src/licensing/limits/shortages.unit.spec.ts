import { describe, expect, it } from '@jest/globals';
import { VENDOR } from './authority.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { memberQuotaOf } from '../queries/member-quota.js';

const START = day('2026-06-01');

/** An unlimited project; a1 is in building a. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'a1 under a');
  s.plus(units(null, null, null));
  return s;
}

/** Asks for numbers at a1 and at a in one command, all of them or none. */
const asking = (s: ProjectScenario, atA1: number, atA: number, holder: string | null) => {
  const item = (groupId: string, count: number) => ({
    groupId,
    resource: 'sip_number' as const,
    label: null,
    holder,
    assignmentIds: Array.from({ length: count }, (_, index) => `${groupId}-${index}`),
  });
  return {
    type: 'AssignUnits',
    now: s.now,
    items: [item('a1', atA1), item('a', atA)],
    mode: 'all',
    authorities: [VENDOR],
  } as const;
};

const refusalAtA1 = (s: ProjectScenario, command: ReturnType<typeof asking>): unknown => {
  const refusal = s.refusal(command);
  return refusal.code === 'BATCH_REFUSED' ? refusal.items.find(({ index }) => index === 0)?.refusal : refusal;
};

const limitEva = (s: ProjectScenario, groupId: string, limits: ReturnType<typeof units>): void => {
  const eva = { userId: 'eva', featuresOff: [], authority: VENDOR } as const;
  s.do({ type: 'SetMemberLimits', now: START, groupId, limits, ...eva });
};

describe('units asked for together are refused by the limit that lacks the most', () => {
  it.each([
    ['the one further up, which all of them share', { a1: 4, a: 5 }, [6, 4], { groupId: 'a', requested: 10, limit: 5 }],
    ['the nearest', { a1: 1, a: 5 }, [6, 0], { groupId: 'a1', requested: 6, limit: 1 }],
    ['the nearest of equal ones', { a1: 4, a: 4 }, [6, 0], { groupId: 'a1', requested: 6, limit: 4 }],
  ])('%s', (_which, limits, [atA1 = 0, atA = 0], { groupId, requested, limit }) => {
    const refused = { code: 'LIMIT_EXCEEDED', resource: 'sip_number', requested, available: limit, at: START };
    const limitedBy = { groupId, name: groupId.toUpperCase(), limit, validUntil: null };
    const ofGroups = scenario().restrict('a', units(limits.a)).restrict('a1', units(limits.a1));
    expect(refusalAtA1(ofGroups, asking(ofGroups, atA1, atA, null))).toEqual({ ...refused, limitedBy });
    const ofEva = scenario();
    limitEva(ofEva, 'a', units(limits.a, null, null));
    limitEva(ofEva, 'a1', units(limits.a1, null, null));
    expect(refusalAtA1(ofEva, asking(ofEva, atA1, atA, 'eva'))).toEqual({
      ...refused,
      limitedBy: { ...limitedBy, userId: 'eva' },
    });
  });
});

describe('the limits of a person', () => {
  const forEva = { holder: 'eva' };

  it('count each resource separately', () => {
    const s = scenario();
    limitEva(s, 'a1', units(2, 2, 1));
    s.do(s.assignment('a1', 'sip_number', forEva));
    s.do(s.assignment('a1', 'mobile_app', forEva));
    const left = memberQuotaOf(s.state, 'a1', 'eva', START)!.resources;
    expect([left.sip_number, left.mobile_app, left.ukey2].map(({ available }) => available)).toEqual([1, 1, 1]);
  });

  it.each([
    ['which leaves the least', 3],
    ['the nearest of equal ones', 1],
  ])('bind by the one on the path %s', (_which, above) => {
    const s = scenario();
    limitEva(s, 'a', units(above, 0, 0));
    limitEva(s, 'a1', units(1, 0, 0));
    s.do(s.assignment('a1', 'sip_number', forEva));
    expect(s.refusal(s.assignment('a1', 'sip_number', forEva))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 1,
      available: 0,
      limitedBy: { groupId: 'a1', name: 'A1', userId: 'eva', limit: 1, validUntil: null },
      at: START,
    });
  });
});
