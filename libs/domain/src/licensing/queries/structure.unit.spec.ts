import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { modelRuns } from '../../model-runs.fixture.js';
import { VENDOR } from '../limits/authority.js';
import type { ProjectState } from '../model/state.js';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import { projectAggregate } from '../project.aggregate.js';
import { DAY, opened, START, steps } from '../project-steps.fixture.js';
import { ProjectStructure } from './structure.js';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The paths and sections of all groups of a state. */
const shown = (structure: ProjectStructure, state: ProjectState): unknown =>
  [...state.groups.entries()].map(([groupId]) => [groupId, structure.pathTo(groupId), structure.sectionOf(groupId)]);

const structureOf = (scenario: ProjectScenario): ProjectStructure => {
  const structure = new ProjectStructure();
  for (const event of scenario.events) structure.apply(event);
  return structure;
};

describe('the structure of a project', () => {
  it('is the same folded from events as taken from the state at any of them, also after events were undone', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 59 }), (walk, taken) => {
        const state = opened();
        let structure = ProjectStructure.of(state);
        let now = START;
        for (const [index, { pass, commandAt }] of walk.entries()) {
          now += pass * DAY;
          const decision = projectAggregate.decide(state, commandAt(now));
          const events = decision.ok ? decision.events : [];
          const before = plain(shown(structure, state));
          for (const event of events) structure.apply(event);
          structure.undo();
          expect(plain(shown(structure, state))).toEqual(before);
          for (const event of events) {
            projectAggregate.evolve(state, event);
            structure.apply(event);
          }
          structure.keep();
          if (index === taken) structure = ProjectStructure.of(state);
          expect(plain(shown(structure, state))).toEqual(plain(shown(ProjectStructure.of(state), state)));
        }
      }),
      modelRuns(25),
    );
  });

  it('has the path of a group after it was placed and after it was moved', () => {
    const scenario = new ProjectScenario(day('2026-06-01')).open().place('a', 'a1 under a', 'b');
    expect(structureOf(scenario).pathTo('a1')).toEqual(['p', 'a', 'a1']);
    scenario.do({ type: 'RelocateGroup', now: scenario.now, groupId: 'a', parentId: 'b' });
    expect(structureOf(scenario).pathTo('a1')).toEqual(['p', 'b', 'a', 'a1']);
    expect(structureOf(scenario).previousPath).toEqual(['p', 'a']);
  });

  it('has the whole section after a cascade, with the place it was set from', () => {
    const scenario = new ProjectScenario(day('2026-06-01')).open().place('a', 'a1 under a');
    scenario.plus(units(20, 10, 5));
    scenario.restrict('a', units(8, 4, 2));
    const reminder = { daysBefore: [30, 7], recurrence: 'weekly', recipients: 'administrators' } as const;
    const settings = { poolMode: 'reserved', gracePeriodDays: 3, reminder } as const;
    scenario.restrict('a1', units(6, 3, 1), null, { ...settings, authority: { kind: 'group', groupId: 'a' } });
    scenario.restrict('a', units(2, 1, 0), null, { cascade: true });
    const allotment = { type: 'plus', units: units(2, 1, 0), features: [], validFrom: scenario.now, validUntil: null };
    expect(structureOf(scenario).sectionOf('a1')).toEqual({
      ...settings,
      enabled: true,
      allotments: [{ allotmentId: expect.any(String), ...allotment }],
      place: { kind: 'group', groupId: 'a' },
    });
  });

  it('forgets a removed group, and its section when it comes back', () => {
    const scenario = new ProjectScenario(day('2026-06-01')).open().place('a', 'a1 under a');
    scenario.plus(units(20, 10, 5));
    scenario.restrict('a', units(8, 4, 2)).restrict('a1', units(1, 0, 0));
    scenario.do({ type: 'RemoveGroup', now: scenario.now, groupId: 'a' });
    scenario.place('a', 'a1');
    const structure = structureOf(scenario);
    expect(structure.pathTo('a1')).toEqual(['p', 'a1']);
    expect([structure.sectionOf('a'), structure.sectionOf('a1')]).toEqual([null, null]);
  });

  it('counts the root and every group but the removed one', () => {
    const scenario = new ProjectScenario(day('2026-06-01')).open().place('a', 'a1 under a');
    expect(structureOf(scenario).size).toBe(3);
    expect(structureOf(scenario).previousPath).toEqual([]);
    scenario.do({ type: 'RemoveGroup', now: scenario.now, groupId: 'a' });
    expect(structureOf(scenario).size).toBe(2);
    expect(structureOf(scenario).sectionOf('a')).toBeNull();
  });

  it('has the sections of both groups after units were moved between them', () => {
    const scenario = new ProjectScenario(day('2026-06-01')).open().place('a', 'b');
    scenario.plus(units(20, 10, 5));
    const place = { kind: 'group', groupId: 'a' } as const;
    scenario.restrict('a', units(8), null, { authority: place }).restrict('b', units(1));
    scenario.do({
      type: 'TransferAllotments',
      now: scenario.now,
      fromGroupId: 'a',
      toGroupId: 'b',
      units: { sip_number: 3, mobile_app: 0, ukey2: 0 },
      reason: 'Two families moved',
      newId: 'moved',
      cascade: false,
      authority: VENDOR,
      toAuthority: VENDOR,
    });
    const structure = structureOf(scenario);
    const unitsOf = (groupId: string) => structure.sectionOf(groupId)!.allotments.map((allotment) => allotment.units);
    expect([unitsOf('a'), unitsOf('b')]).toEqual([[units(5)], [units(1), units(3)]]);
    expect(plain(shown(structure, scenario.state))).toEqual(
      plain(shown(ProjectStructure.of(scenario.state), scenario.state)),
    );
  });

  it('undoes several changes of one group to the state before the first', () => {
    const scenario = new ProjectScenario(day('2026-06-01')).open().place('a');
    scenario.plus(units(20, 10, 5));
    scenario.restrict('a', units(1));
    const structure = structureOf(scenario);
    const before = structure.sectionOf('a');
    structure.keep();
    for (const count of [2, 3]) {
      const [event] = scenario.do(scenario.restriction('a', [{ units: units(count) }]));
      structure.apply(event!);
    }
    expect(structure.sectionOf('a')!.allotments.map((allotment) => allotment.units)).toEqual([units(3)]);
    structure.undo();
    structure.undo();
    expect(structure.sectionOf('a')).toBe(before);
  });
});
