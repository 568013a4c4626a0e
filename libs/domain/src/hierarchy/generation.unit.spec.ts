import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import {
  generatedGroups,
  groupOf,
  groupTreeAggregate,
  planGeneration,
  previewGeneration,
  type Generation,
  type TreeCommand,
  type TreeEvent,
} from './index.js';

const created: TreeEvent = {
  type: 'ProjectCreated',
  data: {
    projectId: 'p',
    tenantId: 't',
    partnerId: 't',
    timeZone: 'UTC',
    billingMode: 'prepaid',
    trial: false,
    name: 'P',
  },
};
const level = (count: number, namePattern: string, firstNumber = 1) => ({ count, namePattern, firstNumber });
const generation = (
  levels: Generation['levels'],
  apartmentsRestart: Generation['apartmentsRestart'] = 'unit',
): TreeCommand => ({
  type: 'GenerateGroups',
  projectId: 'p',
  parentId: 'p',
  newId: 'g',
  levels,
  apartmentsRestart,
});
const project = given(groupTreeAggregate, [created]);
const eventsOf = (command: TreeCommand) => {
  const { decision } = project.when(command);
  if (!decision.ok) throw new Error(decision.refusal.code);
  return decision.events.map((event) => {
    if (event.type !== 'GroupsGenerated') throw new Error(event.type);
    return event.data;
  });
};
const apartmentsOf = (command: TreeCommand): string[] =>
  eventsOf(command)
    .flatMap(generatedGroups)
    .filter((group) => group.type === 'apartment')
    .map((group) => group.name);
const house = (pattern: string) => ({
  building: level(2, 'House {n}'),
  unit: level(2, 'Unit {n}'),
  floor: level(2, 'Floor {n}'),
  apartment: level(2, pattern),
});

describe('generating groups (G2)', () => {
  it('makes buildings x units x floors x apartments, parents before children, with short ids that repeat', () => {
    const command = generation({ building: level(2, 'Building {n}', 5), apartment: level(2, '{building}/{n}') });
    project
      .when(command)
      .then([
        {
          type: 'GroupsGenerated',
          data: {
            newId: 'g',
            parentId: 'p',
            levels: ['building', 'apartment'],
            first: 0,
            level: [0, 1, 1, 0, 1, 1],
            parents: [-1, 0, 0, -1, 3, 3],
            names: ['Building 5', '5/1', '5/2', 'Building 6', '6/1', '6/2'],
          },
        },
      ])
      .when(command)
      .then([]);
    project.when(command).thenState((state) => {
      expect(groupOf(state, 'g_5')?.path.map((step) => step.groupId)).toEqual(['p', 'g_3', 'g_5']);
    });
  });

  it('counts apartments on through the floors of a unit and starts again in the next', () => {
    expect(apartmentsOf(generation(house('{n}')))).toEqual([
      '1',
      '2',
      '3',
      '4',
      '1',
      '2',
      '3',
      '4',
      '1',
      '2',
      '3',
      '4',
      '1',
      '2',
      '3',
      '4',
    ]);
  });

  it('counts apartments on through a building, or starts again on each floor, where that is asked for', () => {
    expect(apartmentsOf(generation(house('{n}'), 'building')).slice(4, 10)).toEqual(['5', '6', '7', '8', '1', '2']);
    expect(apartmentsOf(generation(house('{floor}{n:2}'), 'floor')).slice(0, 6)).toEqual([
      '101',
      '102',
      '201',
      '202',
      '101',
      '102',
    ]);
  });

  it('makes only the levels that are named', () => {
    expect(apartmentsOf(generation({ floor: level(2, 'F{n}', 0), apartment: level(2, 'A{n}') }))).toEqual([
      'A1',
      'A2',
      'A3',
      'A4',
    ]);
  });

  it('puts at most 1,000 groups in an event', () => {
    const runs = eventsOf(generation({ apartment: level(2_001, '{n}') }));
    expect(runs.map((run) => [run.first, run.names.length])).toEqual([
      [0, 1_000],
      [1_000, 1_000],
      [2_000, 1],
    ]);
  });

  it('makes 101,300 groups of 100 x 4 x 12 x 20 in one decision, and the preview counts the same', () => {
    const levels = {
      building: level(100, 'Building {n}'),
      unit: level(4, 'Unit {n}'),
      floor: level(12, 'Floor {n}'),
      apartment: level(20, 'Apartment {n}'),
    };
    const runs = eventsOf(generation(levels));
    expect(runs.reduce((total, run) => total + run.names.length, 0)).toBe(101_300);
    const planned = planGeneration({ parentId: 'p', newId: 'g', levels, apartmentsRestart: 'unit' });
    if (!planned.ok) throw new Error(planned.refusal.message);
    const { sample, ...preview } = previewGeneration(planned.plan);
    expect(preview).toEqual({
      total: 101_300,
      levels: [
        { type: 'building', count: 100, first: 'Building 1', last: 'Building 100' },
        { type: 'unit', count: 400, first: 'Unit 1', last: 'Unit 4' },
        { type: 'floor', count: 4_800, first: 'Floor 1', last: 'Floor 12' },
        { type: 'apartment', count: 96_000, first: 'Apartment 1', last: 'Apartment 240' },
      ],
    });
    expect(sample.slice(0, 4)).toEqual([
      ['Building 1'],
      ['Building 1', 'Unit 1'],
      ['Building 1', 'Unit 1', 'Floor 1'],
      ['Building 1', 'Unit 1', 'Floor 1', 'Apartment 1'],
    ]);
  });

  it('refuses names of existing siblings', () => {
    given(groupTreeAggregate, [
      created,
      { type: 'GroupCreated', data: { groupId: 'x', parentId: 'p', type: 'building', name: 'HOUSE 2' } },
    ])
      .when(generation({ building: level(3, 'House {n}') }))
      .then({ code: 'NAME_TAKEN', parentId: 'p', names: ['House 2'], count: 1 });
  });

  it.each<[string, Generation['levels'], string]>([
    ['no level', {}, 'buildings'],
    ['more than 110,000 groups', { building: level(1_000, '{n}'), apartment: level(110, '{n}') }, 'buildings.count'],
    ['two groups of one name', { floor: level(2, 'Floor') }, 'floors.namePattern'],
    ['a number of a level that is not generated', { unit: level(1, '{building}-{n}') }, 'units.namePattern'],
    ['a number of a level below', { building: level(1, '{unit}') }, 'buildings.namePattern'],
    ['an unknown placeholder', { apartment: level(1, '{name}') }, 'apartments.namePattern'],
    ['an empty name', { apartment: level(1, '  ') }, 'apartments.namePattern'],
    ['names that are too long', { apartment: level(1, '{n}'.repeat(40)) }, 'apartments.namePattern'],
  ])('refuses %s', (_, levels, field) => {
    const { decision } = project.when(generation(levels));
    expect(decision).toMatchObject({ ok: false, refusal: { code: 'VALIDATION', field } });
  });

  it('keeps within 32 levels and below an existing group', () => {
    const chain = Array.from({ length: 29 }, (_, i): TreeEvent => {
      const parentId = i === 0 ? 'p' : `g${i + 1}`;
      return { type: 'GroupCreated', data: { groupId: `g${i + 2}`, parentId, type: 'custom', name: 'x' } };
    });
    const deep = given(groupTreeAggregate, [created, ...chain]);
    const below = (parentId: string): TreeCommand =>
      ({
        ...generation({ unit: level(1, 'U'), floor: level(1, 'F'), apartment: level(1, 'A') }),
        parentId,
      }) as TreeCommand;
    deep
      .when(below('g30'))
      .then({ code: 'VALIDATION', field: 'parentId', message: 'groups go at most 32 levels deep' });
    expect(deep.when(below('g29')).decision.ok).toBe(true);
    deep.when(below('nowhere')).then({ code: 'NOT_FOUND', what: 'group', id: 'nowhere' });
  });
});
