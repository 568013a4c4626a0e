import fc from 'fast-check';
import { BILLING_INTERVALS } from '../metering/billing-period.js';
import { sipCoversMobile } from '../limits.js';
import { FEATURES, RESOURCES, type Units } from '../words.js';
import { VENDOR } from './limits/authority.js';
import type { ProjectCommand } from './model/commands.js';
import type { ProjectState } from './model/state.js';
import { projectAggregate } from './project.aggregate.js';

export const DAY = 86_400_000;
export const START = Date.parse('2026-06-01T00:00:00Z');
export const PEOPLE = ['m1', 'm2'];
const GROUPS = ['p', 'a', 'a1', 'a2', 'b', 'b1', 'c'];

const group = fc.constantFrom(...GROUPS);
const limit = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);
/** Mostly valid by R1, because refusals of form teach little. */
const unitsArb: fc.Arbitrary<Units> = fc
  .record({
    sip_number: limit,
    mobile_app: limit,
    ukey2: fc.integer({ min: 0, max: 3 }),
    anyForm: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ anyForm, ...units }) =>
    anyForm === 0 || sipCoversMobile(units) ? units : { ...units, mobile_app: units.sip_number },
  );
const features = fc.subarray(['siri', 'elevators', 'whitelabel'] as const);
const days = fc.integer({ min: -3, max: 20 });
const id = (prefix: string): fc.Arbitrary<string> => fc.integer({ min: 0, max: 4 }).map((n) => `${prefix}${n}`);

/** A command without its instant; instants in it count in days from now. */
type CommandAt = (now: number) => ProjectCommand;
const printable = (commandAt: CommandAt): CommandAt =>
  Object.assign(commandAt, {
    [fc.toStringMethod]: () =>
      JSON.stringify(commandAt(0), (key, value) => (key.startsWith('valid') && value ? `+${value / DAY}d` : value)),
  });

const until = fc.option(fc.integer({ min: 4, max: 25 }), { nil: null });
const from = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: days });
const at = (now: number, inDays: number | null): number | null => (inDays === null ? null : now + inDays * DAY);

/** Few, so that commands meet each other. */
const externalId = fc.option(fc.constantFrom('E1', 'E2', ' E2', 'e1'), { nil: null });

const grant = fc
  .record({ licenseId: id('l'), externalId, trial: fc.boolean(), units: unitsArb, features, from, until })
  .map((w): CommandAt => (now) => ({
    type: 'GrantLicense',
    now,
    licenseId: w.licenseId,
    licenseType: w.trial ? 'trial' : 'plus',
    units: w.units,
    features: w.features,
    validFrom: at(now, w.from),
    validUntil: at(now, w.until),
    externalId: w.externalId,
    source: { kind: 'manual' },
    usualUntil: at(now, w.until) ?? now,
  }));

const allotment = fc.record({ key: fc.integer({ min: 0, max: 3 }), units: unitsArb, features, from, until });
const restrict = fc
  .record({
    groupId: group,
    off: fc.integer({ min: 0, max: 7 }),
    reserved: fc.boolean(),
    grace: fc.constantFrom(0, 0, 3),
    cascade: fc.boolean(),
    allotments: fc.array(allotment, { maxLength: 2 }),
    ids: fc.integer({ min: 0, max: 2 }),
  })
  .map((w): CommandAt => (now) => ({
    type: 'SetRestriction',
    now,
    groupId: w.groupId,
    enabled: w.off !== 0,
    poolMode: w.reserved ? 'reserved' : 'shared',
    gracePeriodDays: w.grace,
    reminder: null,
    cascade: w.cascade,
    authority: VENDOR,
    newIds: w.allotments.map((_, i) => `${w.groupId}-${w.ids}-${i}`),
    allotments: w.allotments.map((a) => ({
      allotmentId: null,
      type: 'plus' as const,
      units: a.units,
      features: a.features,
      validFrom: at(now, a.from),
      validUntil: at(now, a.until),
    })),
  }));

const transfer = fc
  .record({
    from: group,
    to: group,
    sip: fc.integer({ min: 0, max: 3 }),
    app: fc.integer({ min: 0, max: 2 }),
    newId: id('t'),
    cascade: fc.boolean(),
  })
  .map((w): CommandAt => (now) => ({
    type: 'TransferAllotments',
    now,
    fromGroupId: w.from,
    toGroupId: w.to,
    units: { sip_number: w.sip, mobile_app: w.app, ukey2: 0 },
    reason: 'moved',
    newId: w.newId,
    cascade: w.cascade,
    authority: VENDOR,
    toAuthority: VENDOR,
  }));

const assign = fc
  .record({
    assignmentId: fc.integer({ min: 0, max: 40 }).map((n) => `s${n}`),
    groupId: group,
    resource: fc.constantFrom(...RESOURCES),
    holder: fc.option(fc.constantFrom(...PEOPLE), { nil: null }),
    externalId,
  })
  .map((w): CommandAt => (now) => ({ type: 'AssignUnit', now, label: null, sipAssignmentId: null, ...w }));

const release = fc
  .record({ assignmentId: fc.integer({ min: 0, max: 40 }).map((n) => `s${n}`), groupId: group })
  .map((w): CommandAt => (now) => ({ type: 'ReleaseAssignment', now, ...w }));

const simple: fc.Arbitrary<CommandAt> = fc.oneof(
  fc.record({ licenseId: id('l'), until }).map((w): CommandAt => (now) => ({
    type: 'ExtendLicense',
    now,
    licenseId: w.licenseId,
    validUntil: at(now, w.until),
    authority: VENDOR,
  })),
  id('l').map((licenseId): CommandAt => (now) => ({
    type: 'SuspendLicense',
    now,
    licenseId,
    reason: 'unpaid',
    authority: VENDOR,
  })),
  id('l').map((licenseId): CommandAt => (now) => ({ type: 'ReinstateLicense', now, licenseId, authority: VENDOR })),
  id('l').map((licenseId): CommandAt => (now) => ({
    type: 'RevokeLicense',
    now,
    licenseId,
    reason: 'fraud',
    authority: VENDOR,
  })),
  fc
    .record({ serialNumber: id('d'), groupId: group })
    .map((w): CommandAt => (now) => ({ type: 'AddDevice', now, ...w })),
  fc
    .record({ licenseId: id('l'), externalId })
    .map((w): CommandAt => (now) => ({ type: 'SetLicenseExternalId', now, ...w })),
  fc
    .record({ assignmentId: fc.integer({ min: 0, max: 40 }).map((n) => `s${n}`), groupId: group, externalId })
    .map((w): CommandAt => (now) => ({ type: 'SetAssignmentExternalId', now, ...w })),
  id('d').map((serialNumber): CommandAt => (now) => ({ type: 'RemoveDevice', now, serialNumber })),
  fc.record({ groupId: group, parentId: group }).map((w): CommandAt => (now) => ({ type: 'RelocateGroup', now, ...w })),
  fc.constantFrom('b1', 'c').map((groupId): CommandAt => (now) => ({ type: 'RemoveGroup', now, groupId })),
  fc.record({ userId: fc.constantFrom(...PEOPLE), groupId: group }).map(({ userId, groupId }): CommandAt => (now) => ({
    type: 'RemoveMember',
    now,
    memberId: `${userId} of ${groupId}`,
    userId,
    groupId,
  })),
  fc
    .record({ userId: fc.constantFrom(...PEOPLE), groupId: group, limits: unitsArb, featuresOff: features })
    .map((w): CommandAt => (now) => ({ type: 'SetMemberLimits', now, authority: VENDOR, ...w })),
  fc
    .record({ interval: fc.constantFrom(...BILLING_INTERVALS), anchorDay: fc.integer({ min: 1, max: 31 }) })
    .map((w): CommandAt => (now) => ({ type: 'SetBillingTerms', now, ...w })),
  fc.constant<CommandAt>((now) => ({ type: 'TakeEffect', now })),
);

/** Prints as the commands it makes when it fails. */
const step = fc.record({
  pass: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 5 }) },
    { weight: 1, arbitrary: fc.constant(-1) },
  ),
  commandAt: fc
    .oneof(
      { weight: 1, arbitrary: grant },
      { weight: 4, arbitrary: restrict },
      { weight: 6, arbitrary: assign },
      { weight: 1, arbitrary: release },
      { weight: 1, arbitrary: transfer },
      { weight: 3, arbitrary: simple },
    )
    .map(printable),
});

/** Random commands while time moves. */
export const steps = fc.array(step, { minLength: 15, maxLength: 60, size: 'max' });

/** The commands that open a project with six groups and two licenses, on `START`. */
export function openings(): readonly ProjectCommand[] {
  const open: ProjectCommand[] = [
    {
      type: 'OpenProject',
      now: START,
      projectId: 'p',
      tenantId: 't',
      partnerId: 'd',
      name: 'P',
      timeZone: 'UTC',
      billingMode: 'prepaid',
    },
    {
      type: 'PlaceGroups',
      now: START,
      groups: [
        ['a', 'p'],
        ['a1', 'a'],
        ['a2', 'a'],
        ['b', 'p'],
        ['b1', 'b'],
        ['c', 'p'],
      ].map(([groupId, parentId]) => ({ groupId: groupId!, parentId: parentId!, type: 'custom', name: groupId! })),
    },
  ];
  for (const n of [0, 1]) {
    open.push({
      type: 'GrantLicense',
      now: START,
      licenseId: `l${n}`,
      licenseType: 'plus',
      units: { sip_number: 8, mobile_app: 6, ukey2: 4 },
      features: FEATURES,
      validFrom: null,
      validUntil: START + (20 + 20 * n) * DAY,
      source: { kind: 'manual' },
    });
  }
  return open;
}

/** A project with six groups and two licenses, on `START`. */
export function opened(): ProjectState {
  const state = projectAggregate.initial();
  for (const command of openings()) fold(state, command);
  return state;
}

/** Decides a command and folds its events; whether it was accepted. */
export function fold(state: ProjectState, command: ProjectCommand): boolean {
  const decision = projectAggregate.decide(state, command);
  if (decision.ok) for (const event of decision.events) projectAggregate.evolve(state, event);
  return decision.ok;
}
