import { day, ProjectScenario, units } from './project-scenario.harness.js';

/** A project with something of everything that a snapshot contains. */
export function projectWithEveryFact(): ProjectScenario {
  const scenario = new ProjectScenario(day('2026-06-01')).open().place('a', 'a1 under a', 'b');
  const { now } = scenario;
  scenario.do({ type: 'SetBillingTerms', now, interval: 'P1M', anchorDay: 1 });
  scenario.do({ type: 'ChangeGroup', now, groupId: 'a', groupType: 'building', name: 'Building A' });
  scenario.do({ type: 'AddDevice', now, serialNumber: 'SN-1', groupId: 'a' });
  scenario.plus(units(20, 10, null), day('2027-01-01'), {
    source: { kind: 'package', partnerId: 'nordlicht', packageId: 'plus', packageValidUntil: day('2027-06-01') },
    externalId: 'ERP 1',
  });
  scenario.do(
    scenario.grant({ licenseType: 'trial', units: units(5, 5), features: ['siri'], source: { kind: 'registration' } }),
  );
  scenario.do({ type: 'SuspendLicense', now, licenseId: 'license-2', reason: 'unpaid', authority: { kind: 'vendor' } });
  scenario.do(
    scenario.restriction(
      'a',
      [
        { units: units(8, 4), features: ['siri', 'elevators'], validUntil: day('2026-12-01') },
        { type: 'basic', units: units(0, 0, null), validFrom: day('2026-07-01'), validUntil: day('2026-08-01') },
      ],
      {
        poolMode: 'reserved',
        gracePeriodDays: 3,
        reminder: { daysBefore: [30, 7], recurrence: 'weekly', recipients: 'administrators' },
        authority: { kind: 'partner', partnerId: 'nordlicht' },
      },
    ),
  );
  scenario.restrict('a1', units(2, 1), null, { authority: { kind: 'group', groupId: 'a' } });
  scenario.do(scenario.assignment('a1', 'sip_number', { label: 'Door', holder: 'kim', externalId: 'ERP 1' }));
  scenario.do(scenario.assignment('a1', 'mobile_app', { holder: 'kim' }));
  scenario.assign('b', 'ukey2');
  scenario.do({
    type: 'SetMemberLimits',
    now,
    groupId: 'a',
    userId: 'kim',
    limits: units(1, null, 0),
    featuresOff: ['elevators'],
    authority: { kind: 'group', groupId: 'p' },
  });
  scenario.on(day('2026-12-02'));
  scenario.do({ type: 'SetBillingTerms', now: scenario.now, interval: 'P3M', anchorDay: 31 });
  scenario.do({ type: 'CloseProject', now: scenario.now, reason: 'The building was sold' });
  return scenario;
}
