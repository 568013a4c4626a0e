import { refuse } from '../decision.js';
import type { GeneratedGroups, TreeEventOf } from './events.js';
import { hasUnseenCharacters, MAX_NAME_LENGTH, tidyName } from '../names.js';
import type { TreeRefusal } from './refusals.js';

/** The levels that can be generated, from the top; any of them may be left out (G2). */
export const GENERATED_TYPES = ['building', 'unit', 'floor', 'apartment'] as const;
export type GeneratedType = (typeof GENERATED_TYPES)[number];

/** 100 buildings x 4 units x 12 floors x 20 apartments with the levels above them, and a margin. */
export const MAX_GENERATED_GROUPS = 110_000;
/** The most groups in one event. */
export const GENERATED_PER_EVENT = 1_000;

/** `count` groups for every group of the level above, numbered from `firstNumber`. */
export interface GenerationLevel {
  readonly count: number;
  readonly firstNumber: number;
  /**
   * `{n}` is the group's own number, `{building}`, `{unit}` and `{floor}` those of the generated groups above it; `{n:2}`
   * writes at least two digits.
   */
  readonly namePattern: string;
}

export interface Generation {
  readonly parentId: string;
  /** Prefix of the ids: `<newId>_<number in base 36>`. */
  readonly newId: string;
  readonly levels: Readonly<Partial<Record<GeneratedType, GenerationLevel>>>;
  /**
   * Where the numbers of apartments start again. The default of the API is `unit`: a visitor dials the apartment at the
   * panel of the unit's entrance, so a number is needed once in a unit and counts on from floor to floor. `building` counts on
   * through all units, `floor` starts again on each floor (for names such as `{floor}{n:2}`).
   */
  readonly apartmentsRestart: 'building' | 'unit' | 'floor';
}

interface PlannedLevel extends GenerationLevel {
  readonly type: GeneratedType;
  readonly parts: readonly (string | Placeholder)[];
  /** Levels (by place in the plan) at whose groups the numbers start again. */
  readonly restartsBelow: (level: number) => boolean;
}

interface Placeholder {
  /** The place in the plan of the level whose number is written. */
  readonly level: number;
  readonly digits: number;
}

export interface GenerationPlan {
  readonly parentId: string;
  readonly newId: string;
  readonly levels: readonly PlannedLevel[];
  readonly total: number;
}

export interface GenerationPreview {
  readonly total: number;
  readonly levels: readonly {
    readonly type: GeneratedType;
    readonly count: number;
    readonly first: string;
    readonly last: string;
  }[];
  /** The first names, as paths from the parent down. */
  readonly sample: readonly (readonly string[])[];
}

const PLACEHOLDER = /\{([a-z]+)(?::(\d))?\}/g;

type Invalid = Extract<TreeRefusal, { code: 'VALIDATION' }>;
const invalid = (field: string, message: string): Invalid => ({ code: 'VALIDATION', field, message });
const fieldOf = (type: GeneratedType, property: string): string => `${type}s.${property}`;

const compilePattern = (
  pattern: string,
  types: readonly GeneratedType[],
  own: number,
): { parts: PlannedLevel['parts'] } | { unknown: string } => {
  const parts: (string | Placeholder)[] = [];
  let from = 0;
  for (const match of pattern.matchAll(PLACEHOLDER)) {
    const word = match[1] as string;
    const level = word === 'n' ? own : types.slice(0, own).indexOf(word as GeneratedType);
    if (level < 0) return { unknown: match[0] };
    parts.push(pattern.slice(from, match.index), { level, digits: Number(match[2] ?? 1) });
    from = match.index + match[0].length;
  }
  parts.push(pattern.slice(from));
  return { parts: parts.filter((part) => part !== '') };
};

const render = (parts: PlannedLevel['parts'], numbers: readonly number[]): string => {
  let name = '';
  for (const part of parts) {
    name += typeof part === 'string' ? part : String(numbers[part.level]).padStart(part.digits, '0');
  }
  return name;
};

const restartRule = (
  generation: Generation,
  types: readonly GeneratedType[],
  own: number,
): PlannedLevel['restartsBelow'] => {
  if (types[own] !== 'apartment') return () => true;
  const restart = GENERATED_TYPES.indexOf(generation.apartmentsRestart);
  return (level) => GENERATED_TYPES.indexOf(types[level] as GeneratedType) <= restart;
};

const planLevel = (generation: Generation, types: readonly GeneratedType[], own: number): PlannedLevel | Invalid => {
  const type = types[own] as GeneratedType;
  const level = generation.levels[type] as GenerationLevel;
  const field = fieldOf(type, 'namePattern');
  // Trimmed at the end only, since white space around a name is no part of it.
  const compiled = compilePattern(tidyName(level.namePattern), types, own);
  if ('unknown' in compiled) {
    return invalid(field, `${compiled.unknown} is not {n} or the number of a generated level above`);
  }
  const { parts } = compiled;
  if (parts.length === 0) return invalid(field, 'is empty');
  if (hasUnseenCharacters(level.namePattern)) return invalid(field, 'must not contain characters that cannot be seen');
  const numbered = parts.some((part) => typeof part !== 'string' && part.level === own);
  if (level.count > 1 && !numbered) return invalid(field, 'needs {n}, or all names would be the same');
  return { ...level, type, parts, restartsBelow: restartRule(generation, types, own) };
};

/** How high the numbers of a level can get: all its groups may count on through the groups above. */
const longestName = (levels: readonly PlannedLevel[], own: PlannedLevel): number => {
  const highest = levels.map((level) => level.firstNumber + MAX_GENERATED_GROUPS);
  return render(own.parts, highest).length;
};

const totalOf = (levels: readonly PlannedLevel[]): number => {
  let total = 0;
  let inLevel = 1;
  for (const level of levels) {
    inLevel *= level.count;
    total += inLevel;
  }
  return total;
};

/** Checks the request alone, without the tree. Fields of a refusal are named as in the HTTP request. */
export const planGeneration = (
  generation: Generation,
): { ok: true; plan: GenerationPlan } | { ok: false; refusal: Invalid } => {
  const types = GENERATED_TYPES.filter((type) => generation.levels[type] !== undefined);
  if (types.length === 0)
    return refuse(invalid('buildings', 'name at least one of buildings, units, floors, apartments'));
  const levels: PlannedLevel[] = [];
  for (let own = 0; own < types.length; own += 1) {
    const planned = planLevel(generation, types, own);
    if ('code' in planned) return refuse(planned);
    levels.push(planned);
  }
  const tooLong = levels.find((level) => longestName(levels, level) > MAX_NAME_LENGTH);
  if (tooLong)
    return refuse(invalid(fieldOf(tooLong.type, 'namePattern'), `makes names longer than ${MAX_NAME_LENGTH}`));
  const total = totalOf(levels);
  if (total > MAX_GENERATED_GROUPS) {
    const first = levels[0] as PlannedLevel;
    return refuse(
      invalid(fieldOf(first.type, 'count'), `makes ${total} groups, more than ${MAX_GENERATED_GROUPS} in one call`),
    );
  }
  return { ok: true, plan: { parentId: generation.parentId, newId: generation.newId, levels, total } };
};

/** Visits the planned groups, parents first: `visit(level, name, parent's place or -1)` numbers them in that order. */
const walk = (plan: GenerationPlan, visit: (level: number, name: string, parent: number) => void): void => {
  const counters = plan.levels.map((level) => level.firstNumber);
  const numbers = plan.levels.map(() => 0);
  let next = 0;
  const descend = (own: number, parent: number): void => {
    const level = plan.levels[own];
    if (!level) return;
    for (let i = 0; i < level.count; i += 1) {
      numbers[own] = counters[own] as number;
      counters[own] = (counters[own] as number) + 1;
      visit(own, render(level.parts, numbers), parent);
      for (let below = own + 1; below < plan.levels.length; below += 1) {
        const restarted = plan.levels[below] as PlannedLevel;
        if (restarted.restartsBelow(own)) counters[below] = restarted.firstNumber;
      }
      next += 1;
      descend(own + 1, next - 1);
    }
  };
  descend(0, -1);
};

/** The names of the groups that come directly under the parent. */
export const topNames = (plan: GenerationPlan): string[] => {
  const top = plan.levels[0] as PlannedLevel;
  return Array.from({ length: top.count }, (_, i) => render(top.parts, [top.firstNumber + i]));
};

/** The planned groups as events of at most `GENERATED_PER_EVENT` groups, parents first. */
export const generate = (plan: GenerationPlan): readonly TreeEventOf<'GroupsGenerated'>[] => {
  const levels = plan.levels.map((level) => level.type);
  const events: TreeEventOf<'GroupsGenerated'>[] = [];
  let run: { level: number[]; parents: number[]; names: string[] } = { level: [], parents: [], names: [] };
  let first = 0;
  const flush = (): void => {
    if (run.names.length === 0) return;
    const data: GeneratedGroups = { newId: plan.newId, parentId: plan.parentId, levels, first, ...run };
    events.push({ type: 'GroupsGenerated', data });
    first += run.names.length;
    run = { level: [], parents: [], names: [] };
  };
  walk(plan, (level, name, parent) => {
    run.level.push(level);
    run.names.push(name);
    run.parents.push(parent);
    if (run.names.length === GENERATED_PER_EVENT) flush();
  });
  flush();
  return events;
};

const SAMPLE_SIZE = 20;

/** The preview of a generation: how many groups of each level, their first and last names, and a sample. */
export const previewGeneration = (plan: GenerationPlan): GenerationPreview => {
  const levels = plan.levels.map((level) => ({ type: level.type, count: 0, first: '', last: '' }));
  const sample: string[][] = [];
  const path: string[] = [];
  walk(plan, (own, name) => {
    const level = levels[own] as (typeof levels)[number];
    level.count += 1;
    if (level.count === 1) level.first = name;
    level.last = name;
    if (sample.length >= SAMPLE_SIZE) return;
    path.length = own;
    path.push(name);
    sample.push([...path]);
  });
  return { total: plan.total, levels, sample };
};
