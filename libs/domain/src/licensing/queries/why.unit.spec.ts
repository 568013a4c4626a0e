import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { modelRuns } from '../../model-runs.fixture.js';
import { RESOURCES } from '../../words.js';
import { VENDOR } from '../limits/authority.js';
import type { AllotmentInput, ProjectCommand } from '../model/commands.js';
import type { ProjectState } from '../model/state.js';
import { decodeSnapshot, encodeSnapshot } from '../model/snapshot.js';
import { projectAggregate } from '../project.aggregate.js';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import { DAY, fold, opened, START, steps } from '../project-steps.fixture.js';
import { quotaLevelsOf, quotaOf, restrictionOf } from './quota.js';
import type { RequiredChange } from './required-changes.js';
import { whyOfLevels } from './why.js';

const why = (scenario: ProjectScenario, groupId: string, resource: (typeof RESOURCES)[number] = 'sip_number') =>
  whyOfLevels(quotaLevelsOf(scenario.state, groupId, scenario.now), resource)!;

/** Project 120, building A 80 until December, unit 1 with 50 and unit 2 with 50. */
const hafenblick = (options: Parameters<ProjectScenario['restrict']>[3] = {}): ProjectScenario => {
  const scenario = new ProjectScenario(day('2026-06-01')).open().place('a', 'u1 under a', 'u2 under a');
  scenario.plus(units(120, 100, 10), day('2027-01-01'));
  return scenario.restrict('a', units(80, 60, 5), day('2026-12-01'), options).restrict('u1', units(50, 40, 5));
};

describe('why a group can use as much as it can', () => {
  it('shows each level with its limit, its use and the terms behind it, and the one that binds', () => {
    const scenario = hafenblick().restrict('u2', units(50, 40, 0));
    scenario.assign('u1', 'sip_number', 45);
    scenario.assign('u2', 'sip_number', 33);
    const term = { type: 'plus', status: 'active' };
    const now = scenario.now;
    expect(why(scenario, 'u1')).toEqual({
      groupId: 'u1',
      resource: 'sip_number',
      quota: scenario.quota('u1').resources.sip_number,
      levels: [
        {
          groupId: 'u1',
          name: 'U1',
          isRestricted: true,
          limit: 50,
          consumed: 45,
          suspended: 0,
          left: 5,
          unreserved: null,
          isBinding: false,
          terms: [{ ...term, id: expect.any(String), limit: 50, validFrom: now, validUntil: null }],
        },
        {
          groupId: 'a',
          name: 'A',
          isRestricted: true,
          limit: 80,
          consumed: 78,
          suspended: 0,
          left: 2,
          unreserved: null,
          isBinding: true,
          terms: [{ ...term, id: expect.any(String), limit: 80, validFrom: now, validUntil: day('2026-12-01') }],
        },
        {
          groupId: 'p',
          name: 'Hafenblick',
          isRestricted: false,
          limit: null,
          consumed: 78,
          suspended: 0,
          left: null,
          unreserved: null,
          isBinding: false,
          terms: [],
        },
        {
          groupId: null,
          name: 'Hafenblick',
          isRestricted: true,
          limit: 120,
          consumed: 78,
          suspended: 0,
          left: 42,
          unreserved: null,
          isBinding: false,
          terms: [{ ...term, id: 'license-1', limit: 120, validFrom: now, validUntil: day('2027-01-01') }],
        },
      ],
      toChange: [],
    });
  });

  it('names the limit to raise, and no other', () => {
    const scenario = hafenblick();
    scenario.assign('u1', 'sip_number', 50);
    expect(why(scenario, 'u1').toChange).toEqual([{ kind: 'raise', groupId: 'u1', name: 'U1', units: units(1, 0, 0) }]);
  });

  it('raises a number with every app (R1), and buys what the project lacks first', () => {
    const scenario = new ProjectScenario(day('2026-06-01')).open().place('a');
    scenario.plus(units(1, 1, 0));
    scenario.restrict('a', units(1, 1, 0));
    scenario.assign('a', 'sip_number');
    scenario.assign('a', 'mobile_app');
    expect(why(scenario, 'a', 'mobile_app').toChange).toEqual([
      { kind: 'buy', units: units(1, 1, 0) },
      { kind: 'raise', groupId: 'a', name: 'A', units: units(1, 1, 0) },
    ]);
  });

  it('counts the suspended, which return before anything new fits (U3), and offers to extend what has ended', () => {
    const scenario = hafenblick();
    scenario.assign('u1', 'sip_number', 3);
    scenario.on(day('2026-12-02'));
    const [allotment] = restrictionOf(scenario.state, 'a', scenario.now)!.allotments;
    const { levels, toChange } = why(scenario, 'u1');
    expect(levels[1]).toMatchObject({
      limit: 0,
      consumed: 0,
      suspended: 3,
      isBinding: true,
      terms: [{ status: 'expired' }],
    });
    expect(toChange).toEqual([
      { kind: 'raise', groupId: 'a', name: 'A', units: units(4, 0, 0) },
      { kind: 'extend', groupId: 'a', name: 'A', allotmentId: allotment!.allotmentId, units: units(80, 60, 5) },
    ]);
  });

  it('keeps what a reserved pool has promised (R4)', () => {
    const scenario = hafenblick({ poolMode: 'reserved' }).restrict('u2', units(30, 20, 0));
    expect(why(scenario, 'a').levels[0]).toMatchObject({ left: 80, unreserved: 0, isBinding: true });
    expect(why(scenario, 'a').toChange).toEqual([{ kind: 'raise', groupId: 'a', name: 'A', units: units(1, 0, 0) }]);
    scenario.assign('u2', 'sip_number', 30);
    expect(why(scenario, 'u2').toChange).toEqual([
      { kind: 'raise', groupId: 'a', name: 'A', units: units(1, 0, 0) },
      { kind: 'raise', groupId: 'u2', name: 'U2', units: units(1, 0, 0) },
    ]);
  });

  it('offers to reinstate a suspended license', () => {
    const scenario = hafenblick();
    const { now } = scenario;
    scenario.do({ type: 'SuspendLicense', now, licenseId: 'license-1', reason: 'unpaid', authority: VENDOR });
    expect(why(scenario, 'u1').toChange).toEqual([
      { kind: 'buy', units: units(1, 0, 0) },
      { kind: 'reinstate', licenseId: 'license-1', units: units(120, 100, 10) },
    ]);
  });

  it('shows what a reserved pool leaves where it is the nearest limit, and nowhere else', () => {
    const scenario = hafenblick({ poolMode: 'reserved' });
    const left = (groupId: string) => why(scenario, groupId).levels.map(({ unreserved }) => unreserved);
    expect(left('u2')).toStrictEqual([null, 30, null, null]);
    expect(left('u1')).toStrictEqual([null, null, null, null]);
  });

  it('names no limit that binds where there is none', () => {
    const scenario = new ProjectScenario(day('2026-06-01')).open({ billingMode: 'postpaid' }).place('a');
    expect(why(scenario, 'a').levels.map(({ isBinding }) => isBinding)).toStrictEqual([false, false, false]);
  });

  it('shows the licenses of devices in front of the others', () => {
    const scenario = hafenblick();
    scenario.do({ type: 'AddDevice', now: scenario.now, serialNumber: 'SN-1', groupId: 'a' });
    const term = { validFrom: null, validUntil: null, status: 'active' };
    const plus = { ...term, validFrom: scenario.now, validUntil: day('2027-01-01') };
    expect(why(scenario, 'a').levels.at(-1)!.terms).toStrictEqual([
      { ...term, id: null, type: 'basic', limit: 2 },
      { ...plus, id: 'license-1', type: 'plus', limit: 120 },
    ]);
  });

  it('has no name for a project that is not opened yet', () => {
    const { state, now } = hafenblick();
    const { levels } = whyOfLevels({ ...quotaLevelsOf(state, 'a', now), project: null }, 'ukey2')!;
    expect(levels.at(-1)!.name).toBe('');
  });

  it('is null for an unknown group', () => {
    const scenario = hafenblick();
    expect(whyOfLevels(quotaLevelsOf(scenario.state, 'nobody', scenario.now), 'ukey2')).toBeNull();
  });
});

const copyOf = (state: ProjectState): ProjectState => decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(state))));

/** The command that makes a required change, with a term that starts now, or goes on from its start, and has no end. */
function commandOf(state: ProjectState, change: RequiredChange, now: number): ProjectCommand {
  if (change.kind === 'buy')
    return {
      type: 'GrantLicense',
      now,
      licenseId: 'bought',
      licenseType: 'plus',
      units: change.units,
      features: [],
      validFrom: null,
      validUntil: null,
      source: { kind: 'manual' },
    };
  if ('licenseId' in change) {
    const { licenseId } = change;
    return change.kind === 'extend'
      ? { type: 'ExtendLicense', now, licenseId, validUntil: null, authority: VENDOR }
      : { type: 'ReinstateLicense', now, licenseId, authority: VENDOR };
  }
  const { groupId } = change;
  const section = restrictionOf(state, groupId, now)!;
  const { enabled, poolMode, gracePeriodDays, reminder } = section;
  const settings = { enabled, poolMode, gracePeriodDays, reminder, cascade: false, authority: VENDOR };
  const allotments: AllotmentInput[] = section.allotments.map(({ status: _status, ...allotment }) =>
    change.kind === 'extend' && allotment.allotmentId === change.allotmentId
      ? // Features that the groups above have lost since are no part of the change.
        { ...allotment, features: [], validUntil: null }
      : allotment,
  );
  if (change.kind === 'raise') {
    const term = { validFrom: null, validUntil: null };
    allotments.push({ allotmentId: null, type: 'plus', units: change.units, features: [], ...term });
  }
  const newIds = allotments.map((_, index) => `raised-${groupId}-${index}`);
  return { type: 'SetRestriction', now, groupId, ...settings, allotments, newIds };
}

/** The changes with every alternative in place of the change before it. */
function alternativesIn(changes: readonly RequiredChange[]): RequiredChange[] {
  const taken: RequiredChange[] = [];
  for (const change of changes) {
    const last = taken.at(-1);
    const isAlternative = change.kind === 'extend' || change.kind === 'reinstate';
    if (isAlternative && (last?.kind === 'buy' || last?.kind === 'raise')) taken[taken.length - 1] = change;
    else if (!isAlternative) taken.push(change);
  }
  return taken;
}

describe('a project under random commands with time moving', () => {
  it('has room for one more unit after the required changes, each of which is accepted, and for none before', () => {
    fc.assert(
      fc.property(steps, (walk) => {
        const state = opened();
        let now = START;
        for (const { pass, commandAt } of walk) {
          now += pass * DAY;
          fold(state, commandAt(now));
        }
        now = Math.max(now, state.totals.now);
        for (const [groupId] of state.groups.entries())
          for (const resource of RESOURCES) {
            const { quota, toChange } = whyOfLevels(quotaLevelsOf(state, groupId, now), resource)!;
            expect({ toChange, fits: quota.available !== 0 }).toEqual({ toChange, fits: toChange.length === 0 });
            const first = toChange.filter(({ kind }) => kind === 'buy' || kind === 'raise');
            for (const changes of [first, alternativesIn(toChange)]) {
              const changed = copyOf(state);
              for (const change of changes) {
                const decision = projectAggregate.decide(changed, commandOf(changed, change, now));
                if (!decision.ok) throw new Error(JSON.stringify({ groupId, resource, toChange, change, decision }));
                for (const event of decision.events) projectAggregate.evolve(changed, event);
              }
              const { available } = quotaOf(changed, groupId, now)!.resources[resource];
              expect([groupId, resource, changes, available]).not.toEqual([groupId, resource, changes, 0]);
            }
          }
      }),
      modelRuns(25),
    );
  });
});
