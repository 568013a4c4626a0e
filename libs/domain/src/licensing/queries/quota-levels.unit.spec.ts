import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { featureSet } from '../../feature-set.js';
import { noCounts } from '../../limits.js';
import { modelRuns } from '../../model-runs.fixture.js';
import { FEATURES, type BillingMode } from '../../words.js';
import {
  projectOfTerms,
  restrictionOfTerms,
  type Level,
  type LevelAllotment,
  type LevelLicense,
  type LevelUsage,
} from '../model/levels.js';
import { restrictionAt, type ProjectState } from '../model/state.js';
import { zoneOf } from '../model/phases.js';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import { DAY, fold, opened, START, steps } from '../project-steps.fixture.js';
import { asOf } from '../time/catch-up.js';
import { quotaLevelsOf, quotaOf } from './quota.js';
import { licenseStatus, quotaOfLevels, type QuotaFacts } from './quota-rules.js';

const AT = day('2026-06-01');
const UNTIL = day('2026-12-01');

const usage = (more: Partial<LevelUsage> = {}): LevelUsage => ({
  inForce: noCounts(),
  suspended: noCounts(),
  allotted: noCounts(),
  allottedUnlimited: noCounts(),
  inRestricted: noCounts(),
  ...more,
});

/** The worked example: a project of 120/100/10, building A with 80/60/5 until December, unit 1 in it with 50/40/5. */
const FACTS: QuotaFacts = {
  project: { name: 'Hafenblick', billingMode: 'prepaid' },
  devices: 0,
  capacity: units(120, 100, 10),
  features: featureSet(['siri', 'elevators']),
  licenses: [
    {
      licenseId: 'license-1',
      type: 'plus',
      units: units(120, 100, 10),
      features: ['siri', 'elevators'],
      validFrom: day('2026-01-01'),
      validUntil: day('2027-01-01'),
      phase: 'active',
      suspendedReason: null,
      revokedReason: null,
    },
  ],
  levels: [
    {
      groupId: 'u1',
      name: 'Unit 1',
      restriction: {
        poolMode: 'shared',
        own: units(50, 40, 5),
        features: featureSet(['siri']),
        allotments: [
          {
            allotmentId: 'of-u1',
            type: 'basic',
            units: units(50, 40, 5),
            features: ['siri'],
            validFrom: day('2026-05-01'),
            validUntil: null,
            sequence: 2,
            phase: 'active',
          },
        ],
      },
      usage: usage({ inForce: { sip_number: 30, mobile_app: 20, ukey2: 0 } }),
    },
    {
      groupId: 'a',
      name: 'Building A',
      restriction: {
        poolMode: 'shared',
        own: units(80, 60, 5),
        features: featureSet(['siri', 'elevators']),
        allotments: [
          {
            allotmentId: 'of-a',
            type: 'plus',
            units: units(80, 60, 5),
            features: ['siri', 'elevators'],
            validFrom: day('2026-02-01'),
            validUntil: UNTIL,
            sequence: 1,
            phase: 'active',
          },
        ],
      },
      usage: usage({
        inForce: { sip_number: 70, mobile_app: 60, ukey2: 1 },
        suspended: { sip_number: 0, mobile_app: 3, ukey2: 0 },
      }),
    },
    {
      groupId: 'p',
      name: 'Hafenblick',
      restriction: null,
      usage: usage({ inForce: { sip_number: 90, mobile_app: 60, ukey2: 9 } }),
    },
  ],
};
const inA = { groupId: 'a', name: 'Building A' };
const inU1 = { groupId: 'u1', name: 'Unit 1' };

describe('the quota of levels', () => {
  it('follows from plain data alone', () => {
    expect(quotaOfLevels(FACTS, AT)).toEqual({
      groupId: 'u1',
      name: 'Unit 1',
      status: 'active',
      type: 'basic',
      resources: {
        sip_number: {
          limit: 50,
          effectiveLimit: 50,
          limitedBy: inU1,
          allotted: 0,
          consumed: 30,
          suspended: 0,
          available: 10,
        },
        mobile_app: {
          limit: 40,
          effectiveLimit: 40,
          limitedBy: inU1,
          allotted: 0,
          consumed: 20,
          suspended: 0,
          available: 0,
        },
        ukey2: { limit: 5, effectiveLimit: 5, limitedBy: inU1, allotted: 0, consumed: 0, suspended: 0, available: 1 },
      },
      features: {
        on: ['siri'],
        off: expect.arrayContaining([
          { feature: 'elevators', limitedBy: inU1 },
          { feature: 'whitelabel', limitedBy: inU1 },
        ]),
      },
      effectivePeriod: { validFrom: day('2026-05-01'), validUntil: UNTIL },
    });
  });

  it('is that of the project where no level is restricted', () => {
    const { resources, status, type } = quotaOfLevels({ ...FACTS, levels: FACTS.levels.slice(2) }, AT)!;
    const limitedBy = { groupId: null, name: 'Hafenblick' };
    expect([status, type]).toEqual(['active', 'plus']);
    expect(resources.sip_number).toMatchObject({ limit: null, effectiveLimit: 120, limitedBy, available: 30 });
    expect(resources.ukey2).toMatchObject({ effectiveLimit: 10, available: 1 });
  });

  it('has the status of the nearest level that is not active', () => {
    const [u1, a, p] = FACTS.levels as [Level, Level, Level];
    const ended = { ...a.restriction!.allotments[0]!, phase: 'ended' as const };
    const over = { ...a, restriction: { ...a.restriction!, own: units(0), allotments: [ended] } };
    const quota = quotaOfLevels({ ...FACTS, levels: [u1, over, p] }, UNTIL)!;
    expect(quota.status).toBe('expired');
    expect(quota.resources.sip_number).toMatchObject({ effectiveLimit: 0, limitedBy: inA, available: 0 });
  });

  it('names the project for features that its licenses lack, without a name before it is opened', () => {
    for (const [project, name] of [
      [FACTS.project, 'Hafenblick'],
      [null, ''],
    ] as const) {
      const { features, resources, status } = quotaOfLevels({ ...FACTS, project, levels: FACTS.levels.slice(2) }, AT)!;
      const limitedBy = { groupId: null, name };
      const lacking = FEATURES.filter((feature) => feature !== 'siri' && feature !== 'elevators');
      expect(features.off).toStrictEqual(lacking.map((feature) => ({ feature, limitedBy })));
      expect([resources.ukey2.limitedBy, status]).toStrictEqual([limitedBy, 'active']);
    }
  });

  it('has the status of the licenses where no level is restricted, the best of them first', () => {
    const [license] = FACTS.licenses as [LevelLicense];
    const scheduled: LevelLicense = { ...license, phase: 'scheduled' };
    const suspended: LevelLicense = { ...license, suspendedReason: 'Unpaid' };
    const ended: LevelLicense = { ...license, phase: 'ended' };
    const revoked: LevelLicense = { ...license, revokedReason: 'Returned' };
    const status = (...licenses: LevelLicense[]) =>
      quotaOfLevels({ ...FACTS, licenses, levels: FACTS.levels.slice(2) }, AT)!.status;
    expect(status(revoked, ended, scheduled, suspended, license)).toBe('active');
    expect(status(revoked, ended, scheduled, suspended)).toBe('suspended');
    expect(status(revoked, ended, scheduled)).toBe('scheduled');
    expect(status(revoked, ended)).toBe('expired');
    expect(status(revoked)).toBe('revoked');
    expect(status()).toBe('expired');
    expect([license, scheduled, suspended, ended, revoked].map(licenseStatus)).toStrictEqual([
      'active',
      'scheduled',
      'suspended',
      'expired',
      'revoked',
    ]);
  });

  it('has the status of allotments that are still to start, and the type of the newest in force', () => {
    const [u1] = FACTS.levels as [Level];
    const [basic] = u1.restriction!.allotments as [LevelAllotment];
    const quota = (...allotments: LevelAllotment[]) =>
      quotaOfLevels({ ...FACTS, levels: [{ ...u1, restriction: { ...u1.restriction!, allotments } }] }, AT)!;
    expect(quota({ ...basic, phase: 'scheduled' })).toMatchObject({ status: 'scheduled', type: null });
    const older: LevelAllotment = { ...basic, type: 'plus', sequence: basic.sequence - 1 };
    expect(quota(basic, older).type).toBe('basic');
    expect(quota(older, basic).type).toBe('basic');
  });

  it('has neither a type nor a term in a project without licenses and devices', () => {
    const empty = { ...FACTS, licenses: [], capacity: units(), levels: FACTS.levels.slice(2) };
    const { type, effectivePeriod } = quotaOfLevels(empty, AT)!;
    expect([type, effectivePeriod]).toStrictEqual([null, { validFrom: null, validUntil: null }]);
  });

  it('is null without a level', () => {
    expect(quotaOfLevels({ ...FACTS, levels: [] }, AT)).toBeNull();
  });
});

const groupsOf = (state: ProjectState): string[] => [...state.groups.entries()].map(([groupId]) => groupId);

/** The facts of a group computed from its sections, licenses and use, as tables keep them: no phase or limit of the state. */
function factsOfTerms(recorded: ProjectState, groupId: string, at: number): QuotaFacts {
  const state = asOf(recorded, at);
  const { project, devices } = state.totals;
  const { levels, licenses } = quotaLevelsOf(recorded, groupId, at);
  const terms = licenses.map(({ phase: _phase, ...license }) => license);
  return {
    ...projectOfTerms(project, devices, terms, at),
    levels: levels.map((level) => {
      const restriction = restrictionAt(state, level.groupId);
      const section = restriction && {
        ...restriction,
        allotments: restriction.allotments.map(({ phase: _phase, ...allotment }) => allotment),
      };
      return { ...level, restriction: section && restrictionOfTerms(section, zoneOf(state), at) };
    }),
  };
}

describe('a project under random commands with time moving', () => {
  it('has the same quotas from its levels in JSON, and from sections and licenses alone', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 30 }), (walk, ahead) => {
        const state = opened();
        let now = START;
        for (const { pass, commandAt } of walk) {
          now += pass * DAY;
          fold(state, commandAt(now));
        }
        for (const at of [state.totals.now, Math.max(now, state.totals.now) + ahead * DAY])
          for (const groupId of groupsOf(state)) {
            const quota = quotaOf(state, groupId, at);
            const levels = JSON.parse(JSON.stringify(quotaLevelsOf(state, groupId, at))) as QuotaFacts;
            expect(quotaOfLevels(levels, at)).toEqual(quota);
            expect(quotaOfLevels(factsOfTerms(state, groupId, at), at)).toEqual(quota);
          }
      }),
      modelRuns(25),
    );
  });

  it.each<BillingMode>(['prepaid', 'postpaid'])('the same for a %s project with devices', (billingMode) => {
    const scenario = new ProjectScenario(AT).open({ billingMode }).place('a');
    scenario.do({ type: 'AddDevice', now: AT, serialNumber: 'SN-1', groupId: 'a' });
    scenario.restrict('a', units(1, 1), UNTIL);
    const levels = quotaLevelsOf(scenario.state, 'a', AT);
    expect(quotaOfLevels(JSON.parse(JSON.stringify(levels)) as QuotaFacts, AT)).toEqual(scenario.quota('a'));
    expect(quotaOfLevels(factsOfTerms(scenario.state, 'a', AT), AT)).toEqual(scenario.quota('a'));
  });
});
