import type { TFunction } from 'i18next';
import { Refused, type Problem } from '../api/client.js';
import { en } from '../words/en.js';
import { faultText } from './fault-words.js';
import { countedText, numberText, type Resource } from './limit-text.js';

type Feature = keyof typeof en.features;
type Code = keyof typeof en.problems;

const isCode = (code: string): code is Code => Object.hasOwn(en.problems, code);

interface Binding {
  readonly groupId: string | null;
  readonly name: string;
}

const isBinding = (value: unknown): value is Binding => typeof value === 'object' && value !== null && 'name' in value;

/** Names that are listed; the others are counted. */
const NAMED = 3;

/** Names as a sentence lists them, such as `House A, House B and 7 more`. */
function namesOf({ names, count }: Problem, t: TFunction): string {
  if (!Array.isArray(names)) return '';
  const listed = names.slice(0, NAMED).join(', ');
  const others = (typeof count === 'number' ? count : names.length) - NAMED;
  return others > 0 ? `${listed} ${t('common.andMore', { count: others })}` : listed;
}

/** The facts of a problem as its sentence shows them. */
function factsOf(problem: Problem, t: TFunction) {
  const { limitedBy, resource, feature, requested, available } = problem;
  const amount = (value: unknown): string => (typeof value === 'number' ? numberText(value) : t('common.unlimited'));
  return {
    limitedBy: !isBinding(limitedBy) ? '' : limitedBy.groupId === null ? t('common.projectLicenses') : limitedBy.name,
    resource:
      typeof resource === 'string'
        ? countedText(resource as Resource, typeof requested === 'number' ? requested : null, t)
        : '',
    feature: typeof feature === 'string' ? t(`features.${feature as Feature}`) : '',
    requested: amount(requested),
    available: amount(available),
    names: namesOf(problem, t),
  };
}

/** A problem in the reader's language; the field errors of an invalid request with it. */
export function problemWords(error: unknown, t: TFunction): readonly string[] {
  if (!(error instanceof Refused)) return [t('problems.UNAVAILABLE')];
  const { problem } = error;
  const { code, detail } = problem;
  const sentence = isCode(code) ? t(`problems.${code}`, factsOf(problem, t)) : detail;
  return [sentence, ...(problem.errors ?? []).map(({ field, message }) => faultText(field, message, t))];
}
