import { describe, expect, it } from '@jest/globals';
import { VENDOR } from './limits/authority.js';
import type { AllotmentInput, AssignmentInput, ProjectCommandOf } from './model/commands.js';
import type { ProjectEvent } from './model/events.js';
import { projectAggregate } from './project.aggregate.js';
import { ProjectScenario, day, units } from './project-scenario.harness.js';
import { assignmentsOf } from './queries/quota.js';
import type { Resource } from '../words.js';

const START = day('2026-06-01');
const END = day('2027-01-01');

/** 20 numbers, 20 apps and 10 UKEY2; building a with 10/10/0, apartments a1 and a2 with 4/4/0 each; b is unrestricted. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'b', 'a1 under a', 'a2 under a', 'b1 under b');
  s.plus(units(20, 20, 10), END);
  return s.restrict('a', units(10, 10)).restrict('a1', units(4, 4)).restrict('a2', units(4, 4));
}

type Section = readonly [groupId: string, allotments: readonly Partial<AllotmentInput>[]];

function restrictions(
  s: ProjectScenario,
  sections: readonly Section[],
  options: Partial<ProjectCommandOf<'SetRestrictions'>> = {},
): ProjectCommandOf<'SetRestrictions'> {
  return {
    type: 'SetRestrictions',
    now: s.now,
    restrictions: sections.map(([groupId, allotments]) => s.restriction(groupId, allotments)),
    cascade: false,
    authorities: [VENDOR],
    ...options,
  };
}

const numbers = (groupId: string, count: number): Section => [groupId, [{ units: units(count) }]];
const limitOf = (s: ProjectScenario, groupId: string): unknown => s.quota(groupId).resources.sip_number.limit;
const changed = (events: readonly ProjectEvent[]): unknown =>
  events.map((event) => [event.type, 'groupId' in event.data ? event.data.groupId : null]);

describe('restrictions of many groups, decided on the final state', () => {
  it.each([
    ['raises', 15, 12],
    ['lowers', 3, 2],
  ])('%s parent and child together, in either order of the list', (_case, parent, child) => {
    const sections = [numbers('a', parent), numbers('a1', child), numbers('a2', 0)];
    for (const list of [sections, [...sections].reverse()]) {
      const s = scenario();
      expect(changed(s.do(restrictions(s, list)))).toEqual([
        ['RestrictionChanged', 'a'],
        ['RestrictionChanged', 'a1'],
        ['RestrictionChanged', 'a2'],
      ]);
      expect([limitOf(s, 'a'), limitOf(s, 'a1')]).toEqual([parent, child]);
    }
  });

  it('names every refused item with its place in the list, and records nothing', () => {
    const s = scenario();
    const refusal = s.refusal(
      restrictions(s, [
        numbers('a1', 11),
        numbers('nowhere', 1),
        numbers('b', 5),
        ['b1', [{ units: units(1, 2) }]],
        numbers('a2', 12),
      ]),
    );
    expect(refusal).toMatchObject({
      code: 'BATCH_REFUSED',
      items: [
        { index: 0, refusal: { code: 'LIMIT_EXCEEDED', requested: 11, available: 10, limitedBy: { groupId: 'a' } } },
        { index: 1, refusal: { code: 'NOT_FOUND', what: 'group', id: 'nowhere' } },
        { index: 3, refusal: { code: 'SIP_BELOW_MOBILE' } },
        { index: 4, refusal: { code: 'LIMIT_EXCEEDED', requested: 12 } },
      ],
    });
  });

  it('says nothing about limits below a group whose own item cannot be read', () => {
    const s = scenario();
    const refusal = s.refusal(restrictions(s, [numbers('a1', 11), ['a', [{ units: units(15, 16) }]]]));
    expect(refusal).toMatchObject({ items: [{ index: 1, refusal: { code: 'SIP_BELOW_MOBILE' } }] });
  });

  it('refuses a group that is named twice, both times', () => {
    const s = scenario();
    expect(s.refusal(restrictions(s, [numbers('a1', 1), numbers('b', 1), numbers('a1', 2)]))).toMatchObject({
      items: [0, 2].map((index) => ({ index, refusal: { code: 'VALIDATION', field: 'groupId' } })),
    });
  });

  it('lists groups outside the batch that a change takes from, by the nearest change above them', () => {
    const s = scenario();
    expect(s.refusal(restrictions(s, [numbers('p', 12), numbers('a', 3)]))).toMatchObject({
      items: [{ index: 1, refusal: { code: 'DESCENDANTS_AFFECTED', groups: [{ groupId: 'a1' }, { groupId: 'a2' }] } }],
    });
  });

  it('refuses an unchanged group of the batch that a change above takes from, with the limit that binds', () => {
    const s = scenario();
    const a1 = s.restriction('a1', [{ units: units(4, 4) }], {
      reminder: { daysBefore: [7], recurrence: 'once', recipients: 'administrators' },
    });
    const command = restrictions(s, [numbers('a', 3)], { cascade: true });
    const { restrictions: lowered } = command;
    expect(s.refusal({ ...command, restrictions: [...lowered, a1] })).toMatchObject({
      items: [{ index: 1, refusal: { code: 'LIMIT_EXCEEDED', requested: 4, limitedBy: { groupId: 'a' } } }],
    });
  });

  it('clamps with cascade what the batch does not name, around what it names', () => {
    const s = scenario();
    s.do(s.restriction('a', [{ units: units(10, 10) }], { poolMode: 'reserved' }));
    const lowered = s.restriction('a', [{ units: units(6, 6) }], { poolMode: 'reserved' });
    const command = restrictions(s, [['a1', [{ units: units(5, 4) }]]]);
    const batch = { ...command, restrictions: [...command.restrictions, lowered] };
    expect(s.refusal(batch)).toMatchObject({ items: [{ index: 0 }, { index: 1 }] });
    expect(changed(s.do({ ...batch, cascade: true }))).toEqual([
      ['RestrictionChanged', 'a'],
      ['RestrictionChanged', 'a1'],
      ['AllotmentsClamped', 'a2'],
    ]);
    expect([limitOf(s, 'a'), limitOf(s, 'a1'), limitOf(s, 'a2')]).toEqual([6, 5, 1]);
  });

  it('refuses to suspend use without cascade, and says of which items', () => {
    const s = scenario();
    s.assign('a1', 'sip_number', 3);
    s.assign('b1', 'sip_number', 2);
    const sections = [numbers('b', 1), numbers('a1', 1), numbers('a2', 1)];
    expect(s.refusal(restrictions(s, sections))).toMatchObject({
      items: [
        { index: 0, refusal: { groups: [], suspensions: [{ groupId: 'b1', resource: 'sip_number', count: 1 }] } },
        { index: 1, refusal: { groups: [], suspensions: [{ groupId: 'a1', resource: 'sip_number', count: 2 }] } },
      ],
    });
    expect(s.do(restrictions(s, sections, { cascade: true })).map(({ type }) => type)).toEqual([
      ...sections.map(() => 'RestrictionChanged'),
      'AssignmentsSuspended',
    ]);
  });

  it('is recorded once: the same batch again changes nothing', () => {
    const s = scenario();
    const command = restrictions(s, [numbers('b', 5), ['a', [{ units: units(12, 10) }]]]);
    expect(s.do(command)).toHaveLength(2);
    expect(s.do(command)).toEqual([]);
  });

  it('reaches the groups below the caller, from the highest place there (R9)', () => {
    const s = scenario();
    const authorities = [
      { kind: 'group', groupId: 'a1' },
      { kind: 'group', groupId: 'b' },
    ] as const;
    expect(
      s.refusal(restrictions(s, [numbers('a', 9), numbers('a1', 5), numbers('b1', 5)], { authorities })),
    ).toMatchObject({
      items: [
        { index: 0, refusal: { code: 'NOT_FOUND', what: 'group', id: 'a' } },
        { index: 1, refusal: { code: 'SET_FROM_ABOVE', groupId: 'a1' } },
      ],
    });
    const [event] = s.do(restrictions(s, [numbers('b1', 5)], { authorities }));
    expect(event).toMatchObject({ data: { groupId: 'b1', place: { kind: 'group', groupId: 'b' } } });
  });

  it('decides 10,000 groups', () => {
    const s = new ProjectScenario(START).open();
    const ids = Array.from({ length: 10_000 }, (_, n) => `g${n}`);
    const parentOf = (n: number): string => (n < 100 ? 'p' : `g${n % 100}`);
    s.do({
      type: 'PlaceGroups',
      now: START,
      groups: ids.map((groupId, n) => ({ groupId, parentId: parentOf(n), type: 'custom', name: groupId })),
    });
    s.plus(units(10_000), END);
    const section = (groupId: string, n: number): Section => numbers(groupId, n < 100 ? 100 : 1);
    expect(s.do(restrictions(s, ids.map(section)))).toHaveLength(10_000);
    expect(s.quota('g0').resources.sip_number).toMatchObject({ limit: 100, allotted: 99 });
  });
});

let unit = 0;
const asked = (
  groupId: string,
  resource: Resource,
  count = 1,
  of: { label?: string; holder?: string } = {},
): AssignmentInput => ({
  groupId,
  resource,
  label: of.label ?? null,
  holder: of.holder ?? null,
  assignmentIds: Array.from({ length: count }, () => `u${++unit}`),
});

const assigning = (
  s: ProjectScenario,
  items: readonly AssignmentInput[],
  options: Partial<ProjectCommandOf<'AssignUnits'>> = {},
): ProjectCommandOf<'AssignUnits'> => ({
  type: 'AssignUnits',
  now: s.now,
  items,
  mode: 'all',
  authorities: [VENDOR],
  ...options,
});

describe('units assigned together', () => {
  it('records one event, numbers before the apps that are paired with them', () => {
    const s = scenario();
    const [known] = s.assign('a1');
    const items = [
      asked('a1', 'mobile_app', 2, { holder: 'kim' }),
      asked('b', 'ukey2', 3),
      asked('a1', 'sip_number', 2, { label: ' 100-1 ' }),
    ];
    const events = s.do(assigning(s, items));
    expect(events).toMatchObject([{ type: 'AssignmentsMade', data: { assignments: { length: 7 } } }]);
    expect(assignmentsOf(s.state, 'a1', START)).toMatchObject([
      { assignmentId: known },
      { resource: 'sip_number', label: '100-1', status: 'in_force' },
      { resource: 'sip_number', label: '100-1' },
      { resource: 'mobile_app', holder: 'kim', sipAssignmentId: known },
      { resource: 'mobile_app', sipAssignmentId: items[2]!.assignmentIds[0] },
    ]);
    expect(s.quota('a').resources.sip_number.consumed).toBe(3);
    expect(s.quota('p').resources.ukey2.consumed).toBe(3);
    expect(s.do(assigning(s, items))).toEqual([]);
  });

  it('names every item below a limit that is too small for all of them together', () => {
    const s = scenario();
    const refusal = s.refusal(
      assigning(s, [
        asked('a1', 'sip_number', 3),
        asked('a1', 'sip_number', 2),
        asked('a2', 'sip_number', 4),
        asked('nowhere', 'ukey2'),
        asked('a2', 'mobile_app', 5),
        asked('b1', 'ukey2', 11),
        asked('b', 'mobile_app'),
        asked('b', 'ukey2', 1, { label: 'a\u0000b' }),
      ]),
    );
    const tooMany = { code: 'LIMIT_EXCEEDED', requested: 5, available: 4, limitedBy: { groupId: 'a1' } };
    expect(refusal).toMatchObject({
      code: 'BATCH_REFUSED',
      items: [
        { index: 0, refusal: tooMany },
        { index: 1, refusal: tooMany },
        { index: 3, refusal: { code: 'NOT_FOUND', id: 'nowhere' } },
        { index: 4, refusal: { code: 'LIMIT_EXCEEDED', resource: 'mobile_app', limitedBy: { groupId: 'a2' } } },
        { index: 5, refusal: { code: 'LIMIT_EXCEEDED', available: 10, limitedBy: { groupId: null } } },
        { index: 6, refusal: { code: 'NO_SIP_NUMBER', groupId: 'b' } },
        { index: 7, refusal: { code: 'VALIDATION', field: 'label' } },
      ],
    });
  });

  it('counts the limits of a person over all items, and what a reserved pool keeps for others', () => {
    const s = scenario();
    const limits = { limits: units(1, null, null), featuresOff: [], authority: VENDOR };
    s.do({ type: 'SetMemberLimits', now: START, groupId: 'a', userId: 'kim', ...limits });
    const kim = { holder: 'kim' };
    expect(
      s.refusal(assigning(s, [asked('a1', 'sip_number', 1, kim), asked('a2', 'sip_number', 1, kim)])),
    ).toMatchObject({
      items: [0, 1].map((index) => ({ index, refusal: { requested: 2, limitedBy: { userId: 'kim', limit: 1 } } })),
    });
    s.do(s.restriction('a', [{ units: units(10, 10) }], { poolMode: 'reserved' }));
    expect(s.refusal(assigning(s, [asked('a', 'sip_number', 2), asked('a', 'sip_number')]))).toMatchObject({
      items: [0, 1].map((index) => ({ index, refusal: { requested: 3, available: 2, limitedBy: { groupId: 'a' } } })),
    });
  });

  it('each: accepts line after line and names what is refused', () => {
    const s = scenario();
    const lines = [
      asked('a1', 'sip_number', 3),
      asked('a1', 'sip_number', 2),
      asked('a1', 'mobile_app'),
      asked('nowhere', 'ukey2'),
      asked('a1', 'sip_number', 1),
    ];
    const command = assigning(s, lines, { mode: 'each' });
    const decision = projectAggregate.decide(s.state, command);
    expect(decision).toMatchObject({
      ok: true,
      events: [{ type: 'AssignmentsMade', data: { assignments: { length: 5 } } }],
      declined: [
        { index: 1, refusal: { code: 'LIMIT_EXCEEDED', requested: 2, available: 1 } },
        { index: 3, refusal: { code: 'NOT_FOUND' } },
      ],
    });
    s.do(command);
    expect(s.quota('a1').resources.sip_number.consumed).toBe(4);
    const [line] = lines;
    expect(
      projectAggregate.decide(s.state, assigning(s, [line!, asked('x', 'ukey2')], { mode: 'each' })),
    ).toMatchObject({
      events: [],
      declined: [{ index: 1 }],
    });
  });

  it('does not reach groups outside the authorities of the caller', () => {
    const s = scenario();
    const authorities = [{ kind: 'group', groupId: 'a' }] as const;
    expect(s.refusal(assigning(s, [asked('a1', 'sip_number'), asked('b', 'ukey2')], { authorities }))).toEqual({
      code: 'BATCH_REFUSED',
      items: [{ index: 1, refusal: { code: 'NOT_FOUND', what: 'group', id: 'b' } }],
    });
  });
});

describe('units released together', () => {
  const releasing = (s: ProjectScenario, assignmentIds: readonly string[]): ProjectCommandOf<'ReleaseAssignments'> => ({
    type: 'ReleaseAssignments',
    now: s.now,
    assignmentIds,
    authorities: [{ kind: 'group', groupId: 'a' }],
  });

  it('releases a number with its app; what is suspended returns once', () => {
    const s = scenario();
    const [number, other] = s.assign('a1', 'sip_number', 2);
    const [app] = s.assign('a1', 'mobile_app');
    s.assign('a1', 'sip_number', 2);
    s.do(s.restriction('a1', [{ units: units(2, 2) }], { cascade: true }));
    expect(s.do(releasing(s, [number!, app!]))).toMatchObject([
      { type: 'AssignmentsReleased', data: { assignments: { length: 2 }, reason: 'released' } },
      { type: 'AssignmentsReinstated', data: { assignments: { length: 1 } } },
    ]);
    expect(s.quota('a1').resources).toMatchObject({
      sip_number: { consumed: 2, suspended: 1 },
      mobile_app: { consumed: 0 },
    });
    expect(s.do(releasing(s, [other!]))).toMatchObject([
      { type: 'AssignmentsReleased' },
      { type: 'AssignmentsReinstated' },
    ]);
  });

  it('names every id that is unknown, out of reach, named twice, or a number whose app stays', () => {
    const s = scenario();
    const [number, free] = s.assign('a1', 'sip_number', 2);
    const [app] = s.assign('a1', 'mobile_app');
    const [beyond] = s.assign('b', 'ukey2');
    expect(s.refusal(releasing(s, [number!, free!, 'unknown', beyond!, free!]))).toEqual({
      code: 'BATCH_REFUSED',
      items: [
        { index: 0, refusal: { code: 'SIP_NUMBER_IN_USE', assignmentId: number, pairedWith: app } },
        { index: 1, refusal: { code: 'VALIDATION', field: 'assignmentId', message: 'is named more than once' } },
        { index: 2, refusal: { code: 'NOT_FOUND', what: 'assignment', id: 'unknown' } },
        { index: 3, refusal: { code: 'NOT_FOUND', what: 'assignment', id: beyond } },
        { index: 4, refusal: { code: 'VALIDATION', field: 'assignmentId', message: 'is named more than once' } },
      ],
    });
  });
});
