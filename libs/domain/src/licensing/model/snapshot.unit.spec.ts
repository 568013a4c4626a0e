import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import { nextDueAt } from '../queries/quota.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { decodeSnapshot, encodeSnapshot, sizeOfState } from './snapshot.js';
import { initialState, type ProjectState } from './state.js';
import type { Table } from './table.js';

const START = day('2026-06-01');
const NEW_YEAR = day('2027-01-01');

const written = (state: ProjectState): unknown => JSON.parse(JSON.stringify(encodeSnapshot(state)));
const restored = (state: ProjectState): ProjectState => decodeSnapshot(written(state));

const rowsOf = <Row>(table: Table<Row>): Readonly<Record<string, Row>> => Object.fromEntries(table.entries());

/** Every fact of a state, derived ones included. */
const factsOf = ({ totals, externalIds, schedule, ...state }: ProjectState) => ({
  totals,
  groups: rowsOf(state.groups),
  usage: rowsOf(state.usage),
  restrictions: rowsOf(state.restrictions),
  licenses: [...state.licenses.entries()],
  devices: rowsOf(state.devices),
  assignments: [...state.assignments.entries()],
  atGroup: rowsOf(state.atGroup),
  heldBy: rowsOf(state.heldBy),
  memberLimits: rowsOf(state.memberLimits),
  externalIds: { license: rowsOf(externalIds.license), assignment: rowsOf(externalIds.assignment) },
  due: schedule.upTo(Infinity),
});

/**
 * Building a with the restricted floors a1 and a3, each with something suspended, and the unrestricted floor a2 between; the
 * unrestricted building b with b1 and c, which are restricted, and of which only b1 is in use; d and e have neither limits nor use.
 */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START)
    .open()
    .place('a', 'b', 'a1 under a', 'a2 under a', 'a3 under a2', 'b1 under b', 'c under b', 'd', 'e under d');
  s.do({ type: 'AddDevice', now: START, serialNumber: 'SN-1', groupId: 'a2' });
  s.plus(units(50, 50, null), NEW_YEAR, { externalId: 'ERP 1' });
  s.plus(units(1), day('2026-12-01'), { validFrom: day('2026-11-01') });
  s.restrict('a', units(20, 10, null), NEW_YEAR, { poolMode: 'reserved', gracePeriodDays: 3 });
  s.restrict('a1', units(4, 1, 2));
  s.restrict('a3', units(3, 0, null), null, { authority: { kind: 'group', groupId: 'a' } });
  s.restrict('b1', units(5, 5, null)).restrict('c', units(1, 1));
  s.do(s.assignment('a1', 'sip_number', { holder: 'kim', label: 'Door', externalId: 'ERP 1' }));
  s.do(s.assignment('a1', 'mobile_app', { holder: 'kim' }));
  s.assign('a1', 'sip_number', 2);
  s.assign('a1', 'ukey2', 2);
  s.assign('a2', 'sip_number', 3);
  s.assign('a3', 'sip_number', 3);
  s.assign('b1', 'ukey2', 1);
  s.assign('b', 'sip_number', 2);
  s.restrict('a1', units(2, 1, 1), null, { cascade: true });
  s.restrict('a3', units(1, 0, null), null, { cascade: true });
  return s;
}

describe('a project that is read from its snapshot', () => {
  const { state } = scenario();

  it('has all its facts, including those that are computed again', () => {
    expect(factsOf(restored(state))).toStrictEqual(factsOf(state));
  });

  it('has the same next due instant as before', () => {
    const s = scenario();
    expect(nextDueAt(restored(s.state))).toBe(day('2026-11-01'));
    s.on(day('2026-11-15'));
    expect(nextDueAt(restored(s.state))).toBe(day('2026-12-01'));
  });

  it('gives no external id of a license to another one', () => {
    const s = scenario();
    s.state = restored(s.state);
    expect(s.refusal(s.grant({ licenseId: 'other', externalId: 'ERP 1' }))).toMatchObject({
      code: 'EXTERNAL_ID_TAKEN',
    });
  });

  it('still has the Basic license of a device whose group was removed', () => {
    const s = scenario();
    s.do({ type: 'AddDevice', now: START, serialNumber: 'SN-2', groupId: 'b1' });
    s.do({ type: 'RemoveGroup', now: START, groupId: 'b' });
    const read = restored(s.state);
    expect(written(read)).toStrictEqual(written(s.state));
    expect(written(read)).toMatchObject({
      devices: [
        ['SN-1', 4],
        ['SN-2', -1],
      ],
    });
    expect(read.devices.get('SN-2')).toStrictEqual({ groupId: '' });
    expect(read.totals.capacity).toStrictEqual(s.state.totals.capacity);
    s.state = read;
    expect(s.do({ type: 'RemoveDevice', now: START, serialNumber: 'SN-2' })).toHaveLength(1);
  });

  it('is not opened if it was not before', () => {
    expect(factsOf(restored(initialState()))).toStrictEqual(factsOf(initialState()));
  });

  it('has neither units nor use of a resource that the snapshot does not know', () => {
    const s = new ProjectScenario(START).open({ billingMode: 'postpaid' }).place('a');
    s.restrict('a', units(5, 5, 5));
    s.do({
      type: 'SetMemberLimits',
      now: START,
      groupId: 'a',
      userId: 'kim',
      limits: units(1, 1, 1),
      featuresOff: [],
      authority: VENDOR,
    });
    s.on(day('2026-06-02'));
    s.place('b');
    const { words, ...snapshot } = encodeSnapshot(s.state);
    const earlier = { ...snapshot, words: { ...words, resources: ['sip_number', 'mobile_app'] } };
    const read = decodeSnapshot(JSON.parse(JSON.stringify(earlier)));
    expect(read.restrictions.get('a')?.own).toStrictEqual(units(5, 5, 0));
    expect(read.memberLimits.get('a')?.get('kim')?.limits).toStrictEqual(units(1, 1, 0));
    expect(read.totals.meter?.of).toStrictEqual({
      ...s.state.totals.meter?.of,
      ukey2: {
        open: 0,
        peak: 0,
        peakAt: day('2026-06-02'),
        unitMs: 0n,
        entitledMs: 0n,
        unlimitedMs: 0n,
        overageMs: 0n,
      },
    });
  });
});

describe('the approximate size of a project in memory', () => {
  it('is 2,000 bytes before anything is recorded', () => {
    expect(sizeOfState(initialState())).toBe(2_000);
  });

  it.each<[what: string, bytes: number, add: (s: ProjectScenario) => unknown]>([
    ['group', 600, (s) => s.place('b')],
    ['restriction', 900, (s) => s.restrict('a', units(1))],
    ['assignment', 700, (s) => s.assign('a')],
    ['assignment with an external id', 950, (s) => s.do(s.assignment('a', 'sip_number', { externalId: 'ERP 1' }))],
    ['license', 600, (s) => s.plus(units(1))],
  ])('grows with each %s by %i bytes', (_, bytes, add) => {
    const s = new ProjectScenario(START).open().place('a');
    s.plus(units(5));
    const before = sizeOfState(s.state);
    add(s);
    expect(sizeOfState(s.state) - before).toBe(bytes);
  });
});
