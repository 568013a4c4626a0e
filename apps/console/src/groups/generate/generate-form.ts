/** The levels that can be generated, the highest first. */
export const LEVELS = ['buildings', 'units', 'floors', 'apartments'] as const;
export type Level = (typeof LEVELS)[number];

export const RESTARTS = ['unit', 'floor', 'building'] as const;
export type Restart = (typeof RESTARTS)[number];

export interface LevelEntry {
  readonly isOn: boolean;
  readonly count: number;
  readonly firstNumber: number;
  readonly namePattern: string;
}

export type GenerateEntry = Readonly<Record<Level, LevelEntry>> & { readonly restart: Restart };

/** The level that usually comes first below a group of a type. */
const FIRST: Readonly<Record<string, number>> = { company: 0, building: 1, unit: 2, floor: 3 };
const COUNTS: Readonly<Record<Level, number>> = { buildings: 1, units: 2, floors: 5, apartments: 4 };

/** The initial values of the form, for groups below one of this type. @param nameOf the default name pattern of a level */
export const newEntry = (parentType: string, nameOf: (level: Level) => string): GenerateEntry => {
  const entryOf = (level: Level, index: number): LevelEntry => ({
    isOn: index >= (FIRST[parentType] ?? LEVELS.length - 1),
    count: COUNTS[level],
    firstNumber: 1,
    namePattern: nameOf(level),
  });
  const [buildings, units, floors, apartments] = LEVELS.map(entryOf) as [
    LevelEntry,
    LevelEntry,
    LevelEntry,
    LevelEntry,
  ];
  return { buildings, units, floors, apartments, restart: 'unit' };
};

/** The body of the request. */
export const requestOf = (parentId: string, { restart, ...levels }: GenerateEntry) => {
  const bodyOf = ({ count, firstNumber, namePattern }: LevelEntry) => ({ count, firstNumber, namePattern });
  return {
    parentId,
    ...(levels.buildings.isOn && { buildings: bodyOf(levels.buildings) }),
    ...(levels.units.isOn && { units: bodyOf(levels.units) }),
    ...(levels.floors.isOn && { floors: bodyOf(levels.floors) }),
    ...(levels.apartments.isOn && { apartments: { ...bodyOf(levels.apartments), restart } }),
  };
};
