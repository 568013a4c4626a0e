import type { TFunction } from 'i18next';
import { en } from '../words/en.js';

const { fields } = en;

/** Messages of the services about a field, and the text for each. English readers see other messages as they are. */
const FAULTS: readonly (readonly [RegExp, keyof typeof en.faults])[] = [
  [/^must (?:not be (?:empty|blank)|be named)/, 'empty'],
  [/^must be an e-mail address/, 'email'],
  [/characters that cannot be seen|control characters|well-formed Unicode/, 'characters'],
  [/^must be the name of a time zone/, 'timeZone'],
  [/^must be in the future/, 'past'],
  [/^must (?:be after (?:from|validFrom))/, 'order'],
  [/^must (?:be (?:in the years|before the year|1970)|not be before)/, 'instant'],
  [/^must be a URL/, 'url'],
  [/^must not be negative|^Too small/, 'small'],
  [/^Too big|^must (?:have at most|not have more than)/, 'large'],
  [/^must change something/, 'unchanged'],
  [/is named more than once|^repeats an id/, 'repeated'],
  [/^is not known/, 'unknown'],
  [/^goes with a count of 1|^goes with a mobile_app only/, 'together'],
  [/^was used for something else/, 'used'],
  [/^groups go at most/, 'deep'],
  [/^(?:must )?name at least one unit/, 'noUnits'],
  [/^must contain (:\w+)/, 'marker'],
  [/^cannot be changed here|^the root of a project cannot be removed|^is the root of the project/, 'fixed'],
  [/^Invalid input|^Invalid option/, 'missing'],
];

const isField = (name: string): name is keyof typeof fields => Object.hasOwn(fields, name);

/** What is wrong with a field of a form, such as `Name: must not be empty`. */
export function faultText(field: string, message: string, t: TFunction): string {
  const [pattern, key] = FAULTS.find(([each]) => each.test(message)) ?? [/$/, 'other'];
  const text = t(`faults.${key}`, { message, marker: pattern.exec(message)?.[1] });
  const name = field.split('.').at(-1) ?? '';
  if (name === '') return text;
  return `${isField(name) ? t(`fields.${name}`) : field}: ${text}`;
}
