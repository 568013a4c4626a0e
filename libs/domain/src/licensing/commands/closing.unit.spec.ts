import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import type { ProjectCommand, ProjectCommandType } from '../model/commands.js';
import { decodeSnapshot, encodeSnapshot } from '../model/snapshot.js';
import { isClosed } from '../queries/quota.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const END = day('2026-09-01');
const reason = 'The building was sold';

/** 10 numbers until September, two of them in use in building a, which has five. */
function scenario(): { s: ProjectScenario; assignmentId: string } {
  const s = new ProjectScenario(START).open().place('a', 'b');
  s.plus(units(10, 10, 0), END, { licenseId: 'l' });
  s.do(s.restriction('a', [{ units: units(5, 0, 0) }], { newIds: ['x'] }));
  const [assignmentId = ''] = s.assign('a', 'sip_number', 2);
  s.do({ type: 'AddDevice', now: START, serialNumber: 'SN1', groupId: 'a' });
  return { s, assignmentId };
}

const close = { type: 'CloseProject', now: START, reason } as const;
const closed = { type: 'LicensingClosed', at: START, data: { reason } };

function closedScenario(): ReturnType<typeof scenario> {
  const setup = scenario();
  setup.s.do(close);
  return setup;
}

type Refused = Exclude<
  ProjectCommandType,
  | 'OpenProject'
  | 'PlaceGroups'
  | 'ChangeGroup'
  | 'RelocateGroup'
  | 'RemoveGroup'
  | 'AddDevice'
  | 'RemoveDevice'
  | 'RemoveMember'
  | 'CloseProject'
  | 'CloseUsagePeriod'
  | 'CorrectClock'
  | 'TakeEffect'
>;
type Make = (setup: ReturnType<typeof scenario>) => ProjectCommand;
const now = START;
const license = { now, licenseId: 'l', authority: VENDOR };
/** Every decision; the other commands are facts and effects of time. */
const DECISIONS: { readonly [Type in Refused]: Make } = {
  GrantLicense: ({ s }) => s.grant({ units: units(1, 0, 0) }),
  ExtendLicense: () => ({ type: 'ExtendLicense', ...license, validUntil: END + 1 }),
  SuspendLicense: () => ({ type: 'SuspendLicense', ...license, reason: 'Unpaid' }),
  ReinstateLicense: () => ({ type: 'ReinstateLicense', ...license }),
  RevokeLicense: () => ({ type: 'RevokeLicense', ...license, reason: 'Unpaid' }),
  SetLicenseExternalId: () => ({ type: 'SetLicenseExternalId', now, licenseId: 'l', externalId: 'ERP 1' }),
  SetRestriction: ({ s }) => s.restriction('b', [{ units: units(1, 0, 0) }]),
  TransferAllotments: () => ({
    type: 'TransferAllotments',
    now,
    fromGroupId: 'a',
    toGroupId: 'b',
    units: { sip_number: 1, mobile_app: 0, ukey2: 0 },
    reason: 'r',
    newId: 'n',
    cascade: false,
    authority: VENDOR,
    toAuthority: VENDOR,
  }),
  SetRestrictions: ({ s }) => {
    const restrictions = [s.restriction('b', [{ units: units(1, 0, 0) }])];
    return { type: 'SetRestrictions', now, restrictions, cascade: false, authorities: [VENDOR] };
  },
  AssignUnits: () => ({
    type: 'AssignUnits',
    now,
    items: [{ groupId: 'a', resource: 'sip_number', label: null, holder: null, assignmentIds: ['n1'] }],
    mode: 'each',
    authorities: [VENDOR],
  }),
  ReleaseAssignments: ({ assignmentId }) => ({
    type: 'ReleaseAssignments',
    now,
    assignmentIds: [assignmentId],
    authorities: [VENDOR],
  }),
  SetBillingTerms: () => ({ type: 'SetBillingTerms', now, interval: 'P1M', anchorDay: 1 }),
  AssignUnit: ({ s }) => s.assignment('a'),
  ReleaseAssignment: ({ assignmentId }) => ({ type: 'ReleaseAssignment', now, groupId: 'a', assignmentId }),
  SetAssignmentExternalId: ({ assignmentId }) => ({
    type: 'SetAssignmentExternalId',
    now,
    groupId: 'a',
    assignmentId,
    externalId: 'ERP 1',
  }),
  SetMemberLimits: () => ({
    type: 'SetMemberLimits',
    now,
    groupId: 'a',
    userId: 'u',
    limits: units(1, null, null),
    featuresOff: [],
    authority: VENDOR,
  }),
};

describe('the licensing of a project that was closed', () => {
  it('is closed once, and loses nothing', () => {
    const { s } = scenario();
    const before = s.quota('a');
    expect(s.do(close)).toStrictEqual([closed]);
    expect(s.do({ ...close, reason: 'Another' })).toStrictEqual([]);
    expect([isClosed(s.state), s.quota('a')]).toEqual([true, before]);
  });

  it.each(Object.entries(DECISIONS))('refuses %s', (_type, make) => {
    const setup = closedScenario();
    expect(setup.s.refusal(make(setup))).toStrictEqual({ code: 'PROJECT_CLOSED', projectId: 'p', reason });
  });

  it('refuses units that are still in a stock, and accepts units that have left it (L3)', () => {
    const { s } = closedScenario();
    const source = { kind: 'package', partnerId: 'nordlicht', packageId: 'k', packageValidUntil: null } as const;
    const grant = s.grant({ licenseId: 'late', units: units(1, 0, 0), validUntil: END, source });
    expect(s.refusal(grant)).toStrictEqual({ code: 'PROJECT_CLOSED', projectId: 'p', reason });
    expect(s.do({ ...grant, isDebited: true }).map(({ type }) => type)).toStrictEqual(['LicenseGranted']);
  });

  it('records the facts of the group service, however late they arrive', () => {
    const { s } = closedScenario();
    const trial = s.grant({
      licenseType: 'trial',
      licenseId: 't',
      validUntil: END,
      source: { kind: 'registration' },
      units: units(null, null, null),
    });
    for (const fact of [
      { type: 'PlaceGroups', now, groups: [{ groupId: 'c', parentId: 'a', type: 'unit', name: 'C' }] },
      { type: 'RemoveDevice', now, serialNumber: 'SN1' },
      trial,
    ] as const)
      expect(s.do(fact)).toHaveLength(1);
  });

  it('lets its licenses run out as usual (E1)', () => {
    const ends = (setup: ReturnType<typeof scenario>) =>
      setup.s.on(END).map(({ type, at, data }) => ({ type, at, data }));
    expect(ends(closedScenario()).map(({ type }) => type)).toEqual(['LicenseExpired']);
    expect(ends(closedScenario())).toEqual(ends(scenario()));
  });

  it('stays closed in its snapshot; an older snapshot without that field is one of an open project', () => {
    const kept = (setup: ReturnType<typeof scenario>) =>
      isClosed(decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(setup.s.state)))));
    expect([kept(closedScenario()), kept(scenario())]).toEqual([true, false]);
    expect(encodeSnapshot(scenario().s.state)).not.toHaveProperty('closedReason');
  });
});
