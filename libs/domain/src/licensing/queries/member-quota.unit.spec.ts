import { describe, expect, it } from '@jest/globals';
import type { Feature, Units } from '../../words.js';
import { FEATURES } from '../../words.js';
import { VENDOR } from '../limits/authority.js';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import { memberQuotaOf } from './member-quota.js';

const START = day('2026-06-01');
const NO_LIMIT = units(null, null, null);

const quotaOfEva = (scenario: ProjectScenario) => memberQuotaOf(scenario.state, 'a1', 'eva', START)!;

const narrow = (
  scenario: ProjectScenario,
  groupId: string,
  limits: Units,
  featuresOff: readonly Feature[] = [],
): unknown =>
  scenario.do({
    type: 'SetMemberLimits',
    now: START,
    groupId,
    userId: 'eva',
    limits,
    featuresOff,
    authority: VENDOR,
  });

const postpaid = (): ProjectScenario =>
  new ProjectScenario(START).open({ billingMode: 'postpaid' }).place('a', 'a1 under a');

describe('the quota of a person', () => {
  it('is limited by nobody where neither the groups nor the person have a limit', () => {
    expect(quotaOfEva(postpaid()).resources.sip_number).toStrictEqual({
      limit: null,
      effectiveLimit: null,
      limitedBy: null,
      consumed: 0,
      suspended: 0,
      available: null,
    });
  });

  it('is the least of the limits of the person on the path, whichever is nearer', () => {
    const scenario = postpaid();
    narrow(scenario, 'a', units(5, 1, null));
    narrow(scenario, 'a1', units(2, 2, null));
    const { sip_number, mobile_app } = quotaOfEva(scenario).resources;
    const none = { consumed: 0, suspended: 0 };
    const byA1 = { groupId: 'a1', name: 'A1', userId: 'eva' };
    const byA = { groupId: 'a', name: 'A', userId: 'eva' };
    expect(sip_number).toStrictEqual({ ...none, limit: 2, effectiveLimit: 2, limitedBy: byA1, available: 2 });
    expect(mobile_app).toStrictEqual({ ...none, limit: 2, effectiveLimit: 1, limitedBy: byA, available: 1 });
  });

  it('has the features of the group less those that are off for the person there or above', () => {
    const scenario = postpaid();
    const of = (...off: Feature[]) => FEATURES.filter((feature) => !off.includes(feature));
    scenario.do(scenario.restriction('a1', [{ units: units(1), features: of('siri') }]));
    narrow(scenario, 'a', NO_LIMIT, ['elevators', 'siri']);
    const { on, off } = quotaOfEva(scenario).features;
    expect(on).toStrictEqual(of('siri', 'elevators'));
    expect(off).toStrictEqual([
      { feature: 'siri', limitedBy: { groupId: 'a1', name: 'A1' } },
      { feature: 'elevators', limitedBy: { groupId: 'a', name: 'A', userId: 'eva' } },
    ]);
  });
});
