import type { TFunction } from 'i18next';
import { en } from '../words/en.js';
import { happenedEn } from '../words/happened.en.js';
import { dayText, instantText, lastDayText } from './dates.js';
import { countedText, numberText, RESOURCES, unitsText, type Units } from './limit-text.js';

const { events, facts } = happenedEn;

interface Reader {
  readonly t: TFunction;
  readonly timeZone: string;
  readonly language: string;
}

const has = <Words extends object>(words: Words, code: string): code is keyof Words & string =>
  Object.hasOwn(words, code);

/** Type of an event in words: of one of a history, such as `LicenseGranted`, or of one that is sent to others, such as `allotree.license-granted.v1`. */
export function eventText(type: string, t: TFunction): string {
  const name = type
    .replace(/^allotree\.(.*)\.v\d+$/, '$1')
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  return has(events, name) ? t(`events.${name}`) : type;
}

/** Code of a value in words; other texts as they are. */
export function codeText(code: string, t: TFunction): string {
  if (has(en.roles, code)) return t(`roles.${code}`);
  if (has(en.features, code)) return t(`features.${code}`);
  if (has(en.resources, code)) return t(`resources.${code}`);
  if (has(en.types, code)) return t(`types.${code}`);
  if (has(en.licenseTypes, code)) return t(`licenseTypes.${code}`);
  if (has(en.statuses, code)) return t(`statuses.${code}`);
  return has(facts.values, code) ? t(`facts.values.${code}`) : code;
}

const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
/** What people typed stays as it is, whatever it looks like. */
const TYPED: ReadonlySet<string> = new Set(['name', 'label', 'reason', 'email', 'externalId', 'closedReason']);

/** Reasons that nobody typed. */
const RELEASED: ReadonlySet<string> = new Set(['released', 'group_removed', 'member_removed']);

const isUnits = (value: object): value is Units => RESOURCES.every((resource) => resource in value);

const withNumbers = (value: object): value is { resource?: string }[] =>
  Array.isArray(value) && value.every((each: unknown) => typeof each === 'object' && each !== null);

/** An instant as the last or first day of a term, or to the second. */
function instantOf(name: string, value: string, { timeZone, language }: Reader): string {
  if (name !== 'validUntil' && name !== 'validFrom') return instantText(value, timeZone, language);
  return name === 'validUntil' ? lastDayText(value, timeZone, language) : dayText(value, timeZone, language);
}

function stringText(name: string, value: string, reader: Reader): string {
  if (TYPED.has(name) && !RELEASED.has(value)) return value;
  return INSTANT.test(value) ? instantOf(name, value, reader) : codeText(value, reader.t);
}

function objectText(name: string, value: object, reader: Reader): string {
  if (name === 'changed' && withNumbers(value)) return countsText(value, reader.t);
  if (Array.isArray(value)) return value.map((each) => valueText(name, each, reader)).join(', ') || '–';
  if (isUnits(value)) return unitsText(value, reader.t);
  if ('kind' in value && typeof value.kind === 'string') return codeText(value.kind, reader.t);
  return factsOf(value, reader)
    .map(({ label, text }) => `${label}: ${text}`)
    .join('; ');
}

/** Value of a fact in words. `''`: there is nothing to say. */
export function valueText(name: string, value: unknown, reader: Reader): string {
  const { t } = reader;
  if (value === null || value === undefined) return name === 'validUntil' ? t('common.indefinite') : '–';
  if (typeof value === 'boolean') return t(value ? 'common.yes' : 'common.no');
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return stringText(name, value, reader);
  return typeof value === 'object' ? objectText(name, value, reader) : '';
}

/** How many units of which resource; of allotments, which have none, how many. */
function countsText(changed: readonly { readonly resource?: string }[], t: TFunction): string {
  const counts = RESOURCES.flatMap((resource) => {
    const count = changed.filter((each) => each.resource === resource).length;
    return count === 0 ? [] : [`${numberText(count)} ${countedText(resource, count, t)}`];
  });
  return counts.join(', ') || t('facts.units', { count: changed.length });
}

export interface Fact {
  readonly name: string;
  readonly label: string;
  readonly text: string;
  readonly value: unknown;
}

/** Facts that have words, in the order in which they were recorded; ids and inner numbers have none. */
export const factsOf = (values: object, reader: Reader): readonly Fact[] =>
  Object.entries(values).flatMap(([name, value]: [string, unknown]) =>
    has(facts.names, name)
      ? [{ name, label: reader.t(`facts.names.${name}`), text: valueText(name, value, reader), value }]
      : [],
  );
