import { FEATURES, GROUP_TYPES, nameKey, tidyName, type GroupType } from '@allotree/domain';
import { nearestWord, PATH_SEPARATOR } from '@allotree/project-file';
import type { Mistake, ReadTable } from './table.js';

/** A group as a project file names it. */
export interface ImportedGroup {
  name: string;
  type: GroupType;
  key?: string;
  restriction?: object;
  groups: ImportedGroup[];
}

export interface Imported {
  readonly groups: readonly ImportedGroup[];
  readonly mistakes: readonly Mistake[];
  /** The row of a group, by its path. */
  readonly rowOf: ReadonlyMap<string, number>;
}

const LEVELS = ['building', 'unit', 'floor', 'apartment'] as const;
const UNITS = ['sip_number', 'mobile_app', 'ukey2'] as const;
const FIELDS = [
  'path',
  ...LEVELS,
  'type',
  'key',
  ...UNITS,
  'features',
  'valid_from',
  'valid_until',
  'pool_mode',
] as const;
type Field = (typeof FIELDS)[number];

const MAX_COUNT = 2_147_483_647;

/** The values of one row, and what is wrong with them. */
class Row {
  readonly mistakes: Mistake[] = [];

  constructor(
    readonly number: number,
    private readonly values: ReadonlyMap<Field, { readonly column: string; readonly value: string }>,
  ) {}

  get(field: Field): string {
    return this.values.get(field)?.value ?? '';
  }

  wrong(field: Field, code: string, message: string, suggestion: string | null = null): null {
    const { column = field, value = '' } = this.values.get(field) ?? {};
    this.mistakes.push({ row: this.number, column, value, code, message, suggestion });
    return null;
  }
}

/** Which column is which field. @param map names of columns by field: `{ key: 'ERP number' }` */
export function fieldsOf(
  headers: readonly string[],
  map: Readonly<Record<string, string>>,
): { fields: ReadonlyMap<number, Field>; mistakes: Mistake[] } {
  const mapped = new Map(Object.entries(map).map(([field, header]) => [nameKey(header), field as Field]));
  const fields = new Map<number, Field>();
  const mistakes: Mistake[] = [];
  const seen = new Set<Field>();
  for (const [index, header] of headers.entries()) {
    const plain = header
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_');
    const field = mapped.get(nameKey(header)) ?? FIELDS.find((known) => known === plain);
    const at = { row: 1, column: header, value: header };
    if (field === undefined) {
      const nearest = nearestWord(plain, FIELDS);
      mistakes.push({ ...at, code: 'UNKNOWN_COLUMN', message: 'is no known column', suggestion: nearest ?? '--map' });
    } else if (seen.has(field)) {
      mistakes.push({
        ...at,
        code: 'DUPLICATE_COLUMN',
        message: `is the second column for ${field}`,
        suggestion: null,
      });
    } else {
      seen.add(field);
      fields.set(index, field);
    }
  }
  if (!seen.has('path') && !LEVELS.some((level) => seen.has(level)))
    mistakes.push({
      row: 1,
      column: '',
      value: '',
      code: 'NO_PATH',
      message: 'there is no column path, building, unit, floor or apartment',
      suggestion: '--map path=...',
    });
  return { fields, mistakes };
}

interface Step {
  readonly name: string;
  readonly type: GroupType;
}

/** The way down to the group of a row; `null`: it is wrong. */
function stepsOf(row: Row): Step[] | null {
  const path = row.get('path');
  const named = row.get('type').toLowerCase();
  const type = GROUP_TYPES.find((known) => known === named);
  if (named !== '' && type === undefined)
    return row.wrong('type', 'UNKNOWN_TYPE', 'is no type of group', nearestWord(named, GROUP_TYPES));
  const steps: Step[] =
    path === ''
      ? LEVELS.flatMap((level) => (row.get(level) === '' ? [] : [{ name: tidyName(row.get(level)), type: level }]))
      : path.split('/').map((part, depth) => ({ name: tidyName(part), type: LEVELS[depth] ?? 'custom' }));
  const own = steps.at(-1);
  if (!own) return row.wrong('path', 'NO_NAME', 'names no group');
  if (steps.some(({ name }) => name === '')) return row.wrong('path', 'NO_NAME', 'has a part without a name');
  return type === undefined ? steps : [...steps.slice(0, -1), { ...own, type }];
}

const isDate = (text: string): boolean => {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (year === undefined) return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
};

function dateOf(row: Row, field: 'valid_from' | 'valid_until'): string | undefined {
  const text = row.get(field);
  if (text === '') return undefined;
  if (!isDate(text)) row.wrong(field, 'INVALID_DATE', 'is no date such as 2026-12-31');
  return text;
}

function countOf(row: Row, field: (typeof UNITS)[number]): number | null {
  const text = row.get(field);
  if (text === '') return 0;
  if (/^(unlimited|null|∞)$/i.test(text)) return null;
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count <= MAX_COUNT) return count;
  row.wrong(field, 'INVALID_NUMBER', 'is no whole number from 0', 'unlimited');
  return 0;
}

function featuresOf(row: Row): string[] {
  const words = row
    .get('features')
    .split('|')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  for (const word of words)
    if (!FEATURES.some((known) => known === word))
      row.wrong('features', 'UNKNOWN_FEATURE', `${word} is no feature`, nearestWord(word, FEATURES));
  return words;
}

/** `undefined`: the row says nothing about limits. */
function restrictionOf(row: Row): object | undefined {
  const about: readonly Field[] = [...UNITS, 'features', 'valid_from', 'valid_until', 'pool_mode'];
  if (about.every((field) => row.get(field) === '')) return undefined;
  const units = Object.fromEntries(UNITS.map((unit) => [unit, countOf(row, unit)]));
  const poolMode = row.get('pool_mode').toLowerCase();
  if (poolMode !== '' && poolMode !== 'shared' && poolMode !== 'reserved')
    row.wrong(
      'pool_mode',
      'UNKNOWN_POOL_MODE',
      'is neither shared nor reserved',
      nearestWord(poolMode, ['shared', 'reserved']),
    );
  const features = featuresOf(row);
  const [validFrom, validUntil] = [dateOf(row, 'valid_from'), dateOf(row, 'valid_until')];
  const term = { ...(validFrom !== undefined && { validFrom }), ...(validUntil !== undefined && { validUntil }) };
  return {
    ...(poolMode !== '' && { poolMode }),
    allotments: [{ units, ...(features.length > 0 && { features }), ...term }],
  };
}

/**
 * The groups of a table, as a project file names them.
 *
 * @param typeAt the type of a group that is there already, by its path
 */
export function groupsOfTable(
  table: ReadTable,
  map: Readonly<Record<string, string>>,
  typeAt: (path: string) => GroupType | undefined,
): Imported {
  const { fields, mistakes } = fieldsOf(table.headers, map);
  const roots: ImportedGroup[] = [];
  const byPath = new Map<string, ImportedGroup>();
  const rowOf = new Map<string, number>();
  const rowsByKey = new Map<string, number>();
  const found: Mistake[] = [...mistakes, ...table.mistakes];
  if (mistakes.length > 0) return { groups: roots, mistakes: found, rowOf };
  for (const { row: number, cells } of table.rows) {
    const values = [...fields].map(([index, field]) => {
      return [field, { column: table.headers[index] ?? field, value: cells[index] ?? '' }] as const;
    });
    const row = new Row(number, new Map(values));
    const steps = stepsOf(row);
    if (steps) addRow(row, steps);
    else restrictionOf(row);
    found.push(...row.mistakes);
  }
  return { groups: roots, mistakes: found, rowOf };

  function addRow(row: Row, steps: readonly Step[]): void {
    let [siblings, path] = [roots, ''];
    let group: ImportedGroup | undefined;
    for (const [depth, { name, type }] of steps.entries()) {
      const above = depth === 0 ? '' : `${path}${PATH_SEPARATOR}`;
      path = `${above}${name}`;
      group = byPath.get(nameKey(path));
      if (!group) {
        const isOwn = depth === steps.length - 1;
        group = { name, type: isOwn && row.get('type') !== '' ? type : (typeAt(path) ?? type), groups: [] };
        byPath.set(nameKey(path), group);
        siblings.push(group);
      }
      path = `${above}${group.name}`;
      siblings = group.groups;
    }
    if (group) describe(group, row, path);
  }

  function describe(group: ImportedGroup, row: Row, path: string): void {
    const before = rowOf.get(path);
    const column = row.get('path') === '' ? (LEVELS.findLast((level) => row.get(level) !== '') ?? 'path') : 'path';
    if (before !== undefined) row.wrong(column, 'DUPLICATE_PATH', `is the group of row ${before}`);
    rowOf.set(path, row.number);
    const restriction = restrictionOf(row);
    if (restriction) group.restriction = restriction;
    const key = row.get('key');
    if (key === '') return;
    const other = rowsByKey.get(key);
    if (other !== undefined) row.wrong('key', 'DUPLICATE_KEY', `is the key of row ${other}`);
    rowsByKey.set(key, row.number);
    group.key = key;
  }
}
