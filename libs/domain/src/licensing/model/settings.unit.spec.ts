import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { VENDOR } from '../limits/authority.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { projectCodec } from './codec.js';
import type { ProjectCommand } from './commands.js';
import type { ProjectEventType } from './events.js';
import { settingOf, settingsOf } from './settings.js';

const now = day('2026-06-01');
const RESTRICTION_OF_G = ['restriction g'];
const LICENSES = ['licenses'];
const BILLING_TERMS = ['billing terms'];

/** The settings that each type of event changes, for the events of `project-events.golden.jsonl`. */
const CHANGED: Readonly<Record<ProjectEventType, readonly string[]>> = {
  RestrictionChanged: RESTRICTION_OF_G,
  AllotmentsClamped: RESTRICTION_OF_G,
  AllotmentsTransferred: ['restriction g', 'restriction h'],
  MemberLimitsSet: ['member limits g u'],
  BillingTermsSet: BILLING_TERMS,
  UsagePeriodClosed: BILLING_TERMS,
  LicenseGranted: LICENSES,
  LicenseExtended: LICENSES,
  LicenseSuspended: LICENSES,
  LicenseReinstated: LICENSES,
  LicenseRevoked: LICENSES,
  LicenseExternalIdChanged: LICENSES,
  LicenseStarted: [],
  LicenseExpired: [],
  AllotmentsStarted: [],
  AllotmentsEnded: [],
  GracePeriodsEnded: [],
  ProjectOpened: [],
  LicensingClosed: [],
  GroupsPlaced: [],
  GroupChanged: [],
  GroupRelocated: [],
  GroupRemoved: [],
  BasicLicenseStarted: [],
  BasicLicenseEnded: [],
  AssignmentMade: [],
  AssignmentsMade: [],
  AssignmentExternalIdChanged: [],
  AssignmentsReleased: [],
  AssignmentsSuspended: [],
  AssignmentsReinstated: [],
  ClockCorrected: [],
};

const stored = readFileSync(`${import.meta.dirname}/project-events.golden.jsonl`, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { type: ProjectEventType; data: unknown });

describe('the settings of a project', () => {
  it.each(stored)('that $type changes', ({ type, data }) => {
    expect(settingsOf(projectCodec.decode(type, data))).toStrictEqual(CHANGED[type]);
  });

  const of = (authority = VENDOR) => ({ now, licenseId: 'l', reason: 'unpaid', authority });
  const s = new ProjectScenario(now).open().place('a', 'b');
  const commands: readonly (readonly [ProjectCommand, string])[] = [
    [s.grant({ licenseId: 'l', units: units(9), validUntil: day('2026-12-01') }), 'licenses'],
    [{ type: 'ExtendLicense', ...of(), validUntil: null }, 'licenses'],
    [{ type: 'SuspendLicense', ...of() }, 'licenses'],
    [{ type: 'ReinstateLicense', ...of() }, 'licenses'],
    [{ type: 'SetLicenseExternalId', now, licenseId: 'l', externalId: 'ERP 1' }, 'licenses'],
    [s.restriction('a', [{ units: units(5) }]), 'restriction a'],
    [
      {
        type: 'SetMemberLimits',
        now,
        groupId: 'a',
        userId: 'kim',
        limits: units(1),
        featuresOff: [],
        authority: VENDOR,
      },
      'member limits a kim',
    ],
    [{ type: 'SetBillingTerms', now, interval: 'P1M', anchorDay: 1 }, 'billing terms'],
    [{ type: 'RevokeLicense', ...of() }, 'licenses'],
  ];

  it('are each changed by the commands of its own form', () => {
    for (const [command, setting] of commands) {
      expect([command.type, settingOf(command)]).toStrictEqual([command.type, setting]);
      expect([command.type, s.do(command).flatMap(settingsOf)]).toStrictEqual([command.type, [setting]]);
    }
  });

  it('are not changed by commands that save no form', () => {
    expect(settingOf(s.assignment('a'))).toBeNull();
    expect(settingOf({ type: 'TakeEffect', now })).toBeNull();
    expect(settingOf({ type: 'AddDevice', now, serialNumber: 'SN-1', groupId: 'a' })).toBeNull();
  });
});
