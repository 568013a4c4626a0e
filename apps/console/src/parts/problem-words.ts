import type { TFunction } from 'i18next';
import { Refused, type Problem } from '../api/client.js';
import { en } from '../words/en.js';
import type { Resource } from './limit-text.js';

type Feature = keyof typeof en.features;
type Code = keyof typeof en.problems;

const isCode = (code: string): code is Code => Object.hasOwn(en.problems, code);

interface Binding {
  readonly groupId: string | null;
  readonly name: string;
}

const isBinding = (value: unknown): value is Binding => typeof value === 'object' && value !== null && 'name' in value;

/** The facts of a problem as its sentence shows them. */
function factsOf(problem: Problem, t: TFunction) {
  const { limitedBy, resource, feature, requested, available } = problem;
  const amount = (value: unknown): string => (typeof value === 'number' ? String(value) : t('common.unlimited'));
  return {
    limitedBy: !isBinding(limitedBy) ? '' : limitedBy.groupId === null ? t('common.projectLicenses') : limitedBy.name,
    resource: typeof resource === 'string' ? t(`counted.${resource as Resource}`) : '',
    feature: typeof feature === 'string' ? t(`features.${feature as Feature}`) : '',
    requested: amount(requested),
    available: amount(available),
  };
}

/** A problem in the reader's language; the field errors of an invalid request with it. */
export function problemWords(error: unknown, t: TFunction): readonly string[] {
  if (!(error instanceof Refused)) return [t('problems.UNAVAILABLE')];
  const { problem } = error;
  const { code, detail } = problem;
  const sentence = isCode(code) ? t(`problems.${code}`, factsOf(problem, t)) : detail;
  return [
    sentence,
    ...(problem.errors ?? []).map(({ field, message }) => (field === '' ? message : `${field}: ${message}`)),
  ];
}
