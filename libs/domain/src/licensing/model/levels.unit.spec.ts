import { describe, expect, it } from '@jest/globals';
import { ALL_FEATURES, NO_FEATURES, featureSet } from '../../feature-set.js';
import { UNLIMITED } from '../../limits.js';
import { day, units } from '../project-scenario.harness.js';
import { projectOfTerms, restrictionOfTerms, type LevelLicense, type SectionTerms } from './levels.js';

const AT = day('2026-06-01');
const DAY = 86_400_000;
const ZONE = 'Europe/Berlin';

type SectionAllotment = SectionTerms['allotments'][number];
const allotment = (more: Partial<SectionAllotment>): SectionAllotment => ({
  allotmentId: 'x',
  type: 'plus',
  units: units(10, 5),
  features: ['siri'],
  validFrom: day('2026-01-01'),
  validUntil: null,
  sequence: 1,
  ...more,
});
const inForce = allotment({});
const ended = allotment({ allotmentId: 'y', units: units(3), features: ['elevators'], validUntil: AT - DAY });
const section = (more: Partial<SectionTerms> = {}): SectionTerms => ({
  enabled: true,
  poolMode: 'reserved',
  gracePeriodDays: 3,
  allotments: [inForce, ended],
  ...more,
});

const license = (more: Partial<LevelLicense> = {}): Omit<LevelLicense, 'phase'> => ({
  licenseId: 'l',
  type: 'plus',
  units: units(10, 5),
  features: ['siri'],
  validFrom: day('2026-01-01'),
  validUntil: null,
  suspendedReason: null,
  revokedReason: null,
  ...more,
});

describe('the restriction that a Licenses section is at an instant', () => {
  it('is none where the section is disabled', () => {
    expect(restrictionOfTerms(section({ enabled: false }), ZONE, AT)).toBeNull();
  });

  it('has the units and features of its allotments in force, without those in their days of grace', () => {
    expect(restrictionOfTerms(section(), ZONE, AT)).toStrictEqual({
      poolMode: 'reserved',
      own: units(10, 5),
      features: featureSet(['siri']),
      allotments: [
        { ...inForce, phase: 'active' },
        { ...ended, phase: 'grace' },
      ],
    });
  });

  it('counts days of grace in the time zone of the project', () => {
    const allotments = [allotment({ validUntil: Date.parse('2026-10-24T00:00+02:00') })];
    const phaseIn = (timeZone: string) =>
      restrictionOfTerms(section({ allotments }), timeZone, Date.parse('2026-10-26T22:30Z'))?.allotments[0]?.phase;
    expect([phaseIn('Europe/Berlin'), phaseIn('UTC')]).toStrictEqual(['grace', 'ended']);
  });
});

describe('a project computed from its devices and licenses', () => {
  const expired = license({ licenseId: 'm', units: units(100), features: ['elevators'], validUntil: AT });
  const licenses = [
    { ...license(), phase: 'active' },
    { ...expired, phase: 'ended' },
  ] as const;

  it('has the units and features of its licenses in force and the Basic license of each device', () => {
    const project = { name: 'Hafenblick', billingMode: 'prepaid' } as const;
    expect(projectOfTerms(project, 2, [license(), expired], AT)).toStrictEqual({
      project,
      devices: 2,
      licenses,
      capacity: units(14, 9),
      features: featureSet(['siri']),
    });
  });

  it('has unlimited capacity and every feature where it is postpaid', () => {
    const project = { name: 'Hafenblick', billingMode: 'postpaid' } as const;
    expect(projectOfTerms(project, 0, [license(), expired], AT)).toStrictEqual({
      project,
      devices: 0,
      licenses,
      capacity: UNLIMITED,
      features: ALL_FEATURES,
    });
  });

  it('has nothing before it is opened', () => {
    expect(projectOfTerms(null, 0, [], AT)).toStrictEqual({
      project: null,
      devices: 0,
      licenses: [],
      capacity: units(),
      features: NO_FEATURES,
    });
  });
});
