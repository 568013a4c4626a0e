import { describe, expect, it } from '@jest/globals';
import { VENDOR } from './limits/authority.js';
import type { AssignmentInput, ProjectCommand } from './model/commands.js';
import { ProjectScenario, day, units } from './project-scenario.harness.js';
import { assignmentsOf, licensesOf } from './queries/quota.js';

const START = day('2026-06-01');
const END = day('2027-01-01');
const now = START;

function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'b');
  s.plus(units(10, 10, 10), END, { licenseId: 'l', externalId: ' Cafe\u0301 1 ' });
  return s;
}

const name = (licenseId: string, externalId: string | null): ProjectCommand => ({
  type: 'SetLicenseExternalId',
  now,
  licenseId,
  externalId,
});
const tag = (assignmentId: string, externalId: string | null, groupId = 'a'): ProjectCommand => ({
  type: 'SetAssignmentExternalId',
  now,
  groupId,
  assignmentId,
  externalId,
});
const taken = (kind: 'license' | 'assignment', externalId: string, holderId: string, groupId: string | null) =>
  ({ code: 'EXTERNAL_ID_TAKEN', kind, externalId, holderId, groupId }) as const;
const unit = (
  assignmentId: string,
  externalId: string | null,
  more: Partial<AssignmentInput> = {},
): AssignmentInput => ({
  groupId: 'a',
  resource: 'ukey2',
  label: null,
  holder: null,
  externalId,
  assignmentIds: [assignmentId],
  ...more,
});
const assigning = (
  items: readonly AssignmentInput[],
  mode: 'all' | 'each' = 'all',
  authorities: Extract<ProjectCommand, { type: 'AssignUnits' }>['authorities'] = [VENDOR],
): ProjectCommand => ({ type: 'AssignUnits', now, items, mode, authorities });
const MALFORMED = ['', ' ', 'x'.repeat(129), 'a\u0000b', 'a\u202eb'];

describe('G5: the external id of a license', () => {
  it('is granted with it, in NFC and trimmed, changed and removed', () => {
    const s = scenario();
    expect(licensesOf(s.state, now)).toMatchObject([{ licenseId: 'l', externalId: 'Caf\u00e9 1' }]);
    expect(s.do(name('l', 'Caf\u00e9 1'))).toStrictEqual([]);
    expect(s.do(name('l', 'E2'))).toStrictEqual([
      { type: 'LicenseExternalIdChanged', at: now, data: { licenseId: 'l', externalId: 'E2' } },
    ]);
    expect(s.do(name('l', null))).toStrictEqual([
      { type: 'LicenseExternalIdChanged', at: now, data: { licenseId: 'l', externalId: null } },
    ]);
    expect(s.do(name('l', null))).toStrictEqual([]);
    expect(licensesOf(s.state, now)).toMatchObject([{ licenseId: 'l', externalId: null }]);
  });

  it('belongs to one license, also to one that has ended, until it is revoked', () => {
    const s = scenario();
    s.do(name('l', 'E1'));
    const other = s.grant({ licenseId: 'm', externalId: 'E1' });
    expect(s.refusal(other)).toStrictEqual(taken('license', 'E1', 'l', null));
    s.on(END);
    expect(s.refusal({ ...other, now: END })).toStrictEqual(taken('license', 'E1', 'l', null));
    s.do({ type: 'RevokeLicense', now: END, licenseId: 'l', reason: 'fraud', authority: VENDOR });
    expect(licensesOf(s.state, END)).toMatchObject([{ licenseId: 'l', externalId: null }]);
    expect(s.refusal(name('l', 'E2'))).toStrictEqual({ code: 'LICENSE_REVOKED', licenseId: 'l' });
    expect(s.do({ ...other, now: END })).toMatchObject([{ type: 'LicenseGranted', data: { externalId: 'E1' } }]);
  });

  it('is not that of an assignment, and case counts', () => {
    const s = scenario();
    s.do(name('l', 'E1'));
    s.do(s.assignment('a', 'ukey2', { externalId: 'E1' }));
    expect(s.do(s.grant({ licenseId: 'm', externalId: 'e1' }))).toMatchObject([{ data: { externalId: 'e1' } }]);
    s.do(s.assignment('a', 'ukey2', { assignmentId: 'l' }));
    expect(s.refusal(s.grant({ externalId: 'E1' }))).toStrictEqual(taken('license', 'E1', 'l', null));
  });

  it('is left out where units that have left their stock find it taken', () => {
    const s = scenario();
    s.do(name('l', 'E1'));
    const source = { kind: 'package', partnerId: 'n', packageId: 'plus', packageValidUntil: null } as const;
    const grant = s.grant({ licenseId: 'm', externalId: 'E1', source, isDebited: true });
    const [granted] = s.do(grant);
    expect(granted).toMatchObject({ type: 'LicenseGranted', data: { licenseId: 'm' } });
    expect(granted!.data).not.toHaveProperty('externalId');
    expect(s.do(grant)).toStrictEqual([]);
  });

  it.each(MALFORMED)('is not %j', (externalId) => {
    const s = scenario();
    const refused = { code: 'VALIDATION', field: 'externalId', message: expect.any(String) };
    expect(s.refusal(name('l', externalId))).toEqual(refused);
    expect(s.refusal(s.grant({ externalId }))).toEqual(refused);
  });

  it('needs a license', () => {
    expect(scenario().refusal(name('nothing', 'E1'))).toStrictEqual({
      code: 'NOT_FOUND',
      what: 'license',
      id: 'nothing',
    });
  });
});

describe('G5: the external id of an assignment', () => {
  it('is made with it, changed, removed and named where it is released', () => {
    const s = scenario();
    const made = s.assignment('a', 'ukey2', { assignmentId: 'k', externalId: ' E1' });
    const data = {
      assignmentId: 'k',
      groupId: 'a',
      resource: 'ukey2',
      label: null,
      holder: null,
      sipAssignmentId: null,
    };
    expect(s.do(made)).toStrictEqual([{ type: 'AssignmentMade', at: now, data: { ...data, externalId: 'E1' } }]);
    expect(assignmentsOf(s.state, 'a', now)).toMatchObject([{ assignmentId: 'k', externalId: 'E1' }]);
    const ref = { assignmentId: 'k', groupId: 'a', resource: 'ukey2' };
    expect(s.do(tag('k', 'E1'))).toStrictEqual([]);
    expect(s.do(tag('k', 'E2'))).toStrictEqual([
      { type: 'AssignmentExternalIdChanged', at: now, data: { ...ref, externalId: 'E2', previousExternalId: 'E1' } },
    ]);
    expect(s.release('a', 'k')).toStrictEqual([
      {
        type: 'AssignmentsReleased',
        at: now,
        data: { assignments: [{ ...ref, externalId: 'E2' }], reason: 'released' },
      },
    ]);
    expect(s.do(s.assignment('b', 'ukey2', { externalId: 'E2' }))).toMatchObject([{ data: { externalId: 'E2' } }]);
  });

  it('belongs to one assignment of the project, also while that is suspended', () => {
    const s = scenario();
    s.do(s.assignment('a', 'ukey2', { assignmentId: 'k', externalId: 'E1' }));
    s.do(s.assignment('b', 'ukey2', { assignmentId: 'm' }));
    expect(s.refusal(s.assignment('b', 'ukey2', { externalId: 'E1' }))).toStrictEqual(
      taken('assignment', 'E1', 'k', 'a'),
    );
    expect(s.refusal(tag('m', 'E1', 'b'))).toStrictEqual(taken('assignment', 'E1', 'k', 'a'));
    expect(s.on(END)).toContainEqual({
      type: 'AssignmentsSuspended',
      at: END,
      data: {
        assignments: [
          { assignmentId: 'k', groupId: 'a', resource: 'ukey2', externalId: 'E1' },
          { assignmentId: 'm', groupId: 'b', resource: 'ukey2' },
        ],
      },
    });
    expect(s.refusal({ ...tag('m', 'E1', 'b'), now: END })).toStrictEqual(taken('assignment', 'E1', 'k', 'a'));
  });

  it('is free again when its group is removed', () => {
    const s = scenario();
    s.do(s.assignment('a', 'ukey2', { externalId: 'E1' }));
    s.do({ type: 'RemoveGroup', now, groupId: 'a' });
    expect(s.do(s.assignment('b', 'ukey2', { externalId: 'E1' }))).toMatchObject([{ data: { externalId: 'E1' } }]);
  });

  it.each(MALFORMED)('is not %j', (externalId) => {
    const s = scenario();
    s.do(s.assignment('a', 'ukey2', { assignmentId: 'k' }));
    const refusal = { code: 'VALIDATION', field: 'externalId', message: expect.any(String) };
    expect(s.refusal(tag('k', externalId))).toEqual(refusal);
    expect(s.refusal(s.assignment('a', 'ukey2', { externalId }))).toEqual(refusal);
    expect(s.refusal(assigning([unit('n', externalId)]))).toEqual({
      code: 'BATCH_REFUSED',
      items: [{ index: 0, refusal }],
    });
  });

  it('needs an assignment of that group', () => {
    const s = scenario();
    s.do(s.assignment('a', 'ukey2', { assignmentId: 'k' }));
    const missing = (id: string) => ({ code: 'NOT_FOUND', what: 'assignment', id }) as const;
    expect(s.refusal(tag('k', 'E1', 'b'))).toStrictEqual(missing('k'));
    expect(s.refusal(tag('nothing', 'E1'))).toStrictEqual(missing('nothing'));
  });
});

describe('G5: external ids in a batch of units', () => {
  it('are those of its single units', () => {
    const s = scenario();
    const items = [unit('k1', 'E1'), unit('k2', 'E2'), unit('k3', null)];
    const made = { groupId: 'a', resource: 'ukey2', label: null, holder: null, sipAssignmentId: null };
    expect(s.do(assigning(items))).toStrictEqual([
      {
        type: 'AssignmentsMade',
        at: now,
        data: {
          assignments: [
            { ...made, assignmentId: 'k1', externalId: 'E1' },
            { ...made, assignmentId: 'k2', externalId: 'E2' },
            { ...made, assignmentId: 'k3' },
          ],
        },
      },
    ]);
    expect(s.do(assigning(items))).toStrictEqual([]);
  });

  it('are refused with every place where two are equal, one is taken, or one is for several units', () => {
    const s = scenario();
    s.do(s.assignment('b', 'ukey2', { assignmentId: 'k', externalId: 'E1' }));
    const items = [
      unit('k1', 'E2'),
      unit('k2', 'E1'),
      unit('k3', null),
      unit('k4', 'E2 '),
      unit('k5', 'E5', { assignmentIds: ['k5', 'k6'] }),
    ];
    const twice = { code: 'VALIDATION', field: 'externalId', message: 'is named more than once' } as const;
    expect(s.refusal(assigning(items))).toStrictEqual({
      code: 'BATCH_REFUSED',
      items: [
        { index: 0, refusal: twice },
        { index: 1, refusal: taken('assignment', 'E1', 'k', 'b') },
        { index: 3, refusal: twice },
        { index: 4, refusal: { code: 'VALIDATION', field: 'externalId', message: 'goes with a count of 1' } },
      ],
    });
  });

  it('do not name a holder where the caller manages nothing', () => {
    const s = scenario();
    s.do(s.assignment('b', 'ukey2', { assignmentId: 'k', externalId: 'E1' }));
    const refusal = s.refusal(assigning([unit('k1', 'E1')], 'all', [{ kind: 'group', groupId: 'a' }]));
    expect(refusal).toStrictEqual({
      code: 'BATCH_REFUSED',
      items: [{ index: 0, refusal: { ...taken('assignment', 'E1', 'k', 'b'), holderId: null, groupId: null } }],
    });
  });

  it('go to the first of two lines that are decided one after the other', () => {
    const s = scenario();
    const decided = s.do(assigning([unit('k1', 'E1'), unit('k2', 'E1'), unit('k3', null)], 'each'));
    expect(decided).toMatchObject([{ data: { assignments: [{ assignmentId: 'k1' }, { assignmentId: 'k3' }] } }]);
  });
});
