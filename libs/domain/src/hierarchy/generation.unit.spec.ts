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
const planned = (levels: Generation['levels']) => {
  const result = planGeneration({ parentId: 'p', newId: 'g', levels, apartmentsRestart: 'unit' });
  if (!result.ok) throw new Error(result.refusal.message);
  return result.plan;
};
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

  it('counts floors anew in each unit, wherever apartments start again', () => {
    const floors = eventsOf(generation(house('{n}'), 'building'))
      .flatMap(generatedGroups)
      .filter((group) => group.type === 'floor');
    const names = ['Floor 1', 'Floor 2'];
    expect(floors.map((group) => group.name)).toEqual([...names, ...names, ...names, ...names]);
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
    const sizesOf = (count: number) =>
      eventsOf(generation({ apartment: level(count, '{n}') })).map((run) => [
        run.first,
        ...[run.names, run.level, run.parents].map((column) => column.length),
      ]);
    expect(sizesOf(1_000)).toEqual([[0, 1_000, 1_000, 1_000]]);
    expect(sizesOf(2_001)).toEqual([
      [0, 1_000, 1_000, 1_000],
      [1_000, 1_000, 1_000, 1_000],
      [2_000, 1, 1, 1],
    ]);
  });

  it('previews the number of groups of each level, their first and last names, and the paths of the first', () => {
    const levels = { building: level(2, 'House {n}'), apartment: level(2, '{building}/{n}') };
    expect(previewGeneration(planned(levels))).toStrictEqual({
      total: 6,
      levels: [
        { type: 'building', count: 2, first: 'House 1', last: 'House 2' },
        { type: 'apartment', count: 4, first: '1/1', last: '2/2' },
      ],
      sample: [
        ['House 1'],
        ['House 1', '1/1'],
        ['House 1', '1/2'],
        ['House 2'],
        ['House 2', '2/1'],
        ['House 2', '2/2'],
      ],
    });
  });

  it('previews the paths of at most 20 groups', () => {
    expect(previewGeneration(planned({ floor: level(21, 'Floor {n}') }))).toStrictEqual({
      total: 21,
      levels: [{ type: 'floor', count: 21, first: 'Floor 1', last: 'Floor 21' }],
      sample: Array.from({ length: 20 }, (_, i) => [`Floor ${i + 1}`]),
    });
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
    const { sample, ...preview } = previewGeneration(planned(levels));
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

  it('names at most 20 of the siblings whose names are taken, and counts them all', () => {
    const names = Array.from({ length: 21 }, (_, i) => `House ${i + 1}`);
    const siblings = names.map((name, i): TreeEvent => ({
      type: 'GroupCreated',
      data: { groupId: `x${i}`, parentId: 'p', type: 'building', name },
    }));
    given(groupTreeAggregate, [created, ...siblings])
      .when(generation({ building: level(30, 'House {n}') }))
      .then({ code: 'NAME_TAKEN', parentId: 'p', names: names.slice(0, 20), count: 21 });
  });

  const notAbove = (placeholder: string) => `${placeholder} is not {n} or the number of a generated level above`;
  const allTheSame = 'needs {n}, or all names would be the same';
  const tooLong = 'makes names longer than 200';
  it.each<[string, Generation['levels'], string, string]>([
    ['no level', {}, 'buildings', 'name at least one of buildings, units, floors, apartments'],
    [
      'more than 110,000 groups',
      { building: level(1_000, '{n}'), apartment: level(110, '{n}') },
      'buildings.count',
      'makes 111000 groups, more than 110000 in one call',
    ],
    ['two groups of one name', { floor: level(2, 'Floor') }, 'floors.namePattern', allTheSame],
    [
      'two groups of one name, named by the level above',
      { building: level(2, '{n}'), apartment: level(2, 'Apartment {building}') },
      'apartments.namePattern',
      allTheSame,
    ],
    [
      'a number of a level that is not generated',
      { unit: level(1, '{building}-{n}') },
      'units.namePattern',
      notAbove('{building}'),
    ],
    [
      'a number of a level below',
      { building: level(1, '{unit}'), unit: level(1, '{n}') },
      'buildings.namePattern',
      notAbove('{unit}'),
    ],
    ['its own number by another name', { unit: level(1, '{unit}') }, 'units.namePattern', notAbove('{unit}')],
    ['an unknown placeholder', { apartment: level(1, '{name}') }, 'apartments.namePattern', notAbove('{name}')],
    ['an empty name', { apartment: level(1, '  ') }, 'apartments.namePattern', 'is empty'],
    [
      'a name with an invisible character',
      { floor: level(1, 'Floor\u200b{n}') },
      'floors.namePattern',
      'must not contain characters that cannot be seen',
    ],
    ['names that are too long', { apartment: level(1, '{n}'.repeat(40)) }, 'apartments.namePattern', tooLong],
    [
      'names that could become too long with the highest number',
      { apartment: level(1, `${'x'.repeat(195)}{n}`) },
      'apartments.namePattern',
      tooLong,
    ],
  ])('refuses %s', (_, levels, field, message) => {
    project.when(generation(levels)).then({ code: 'VALIDATION', field, message });
  });

  it.each<[string, Generation['levels'], number]>([
    ['110,000 groups', { building: level(1_000, '{n}'), apartment: level(109, '{n}') }, 110_000],
    ['names of 200 characters with the highest number', { apartment: level(1, `${'x'.repeat(194)}{n}`) }, 1],
  ])('accepts %s', (_, levels, total) => {
    expect(planned(levels).total).toBe(total);
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

describe('a run of groups, one by one', () => {
  it('gives each its id, its parent in this run or an earlier one, its type and its external id, if it has one', () => {
    const run = {
      newId: 'n',
      parentId: 'a',
      levels: ['unit', 'apartment'],
      first: 35,
      level: [0, 1, 1],
      parents: [-1, 0, 35],
      names: ['Unit 9', 'One', 'Two'],
    } as const;
    const groups = [
      { groupId: 'n_z', parentId: 'a', type: 'unit', name: 'Unit 9' },
      { groupId: 'n_10', parentId: 'n_0', type: 'apartment', name: 'One' },
      { groupId: 'n_11', parentId: 'n_z', type: 'apartment', name: 'Two' },
    ];
    expect(generatedGroups(run)).toStrictEqual(groups);
    expect(generatedGroups({ ...run, externalIds: [null, 'E1', null] })).toStrictEqual([
      groups[0],
      { ...groups[1], externalId: 'E1' },
      groups[2],
    ]);
  });
});
