import { RESOURCES, type Limit, type Resource } from '@allotree/domain';
import { DateTime } from 'luxon';
import type { ProblemAnswer } from '@allotree/api-client';

/** How the resources are shown to people (docs/domain/words.md). */
export const RESOURCE_NAMES: Readonly<Record<Resource, string>> = {
  sip_number: 'virtual numbers',
  mobile_app: 'mobile apps',
  ukey2: 'UKEY2',
};

export const limitText = (limit: Limit): string => (limit === null ? 'unlimited' : limit.toLocaleString('en-US'));

/** `120/100/10`: virtual numbers, mobile apps, UKEY2. */
export const unitsText = (units: Readonly<Record<Resource, Limit>>): string =>
  RESOURCES.map((resource) => limitText(units[resource])).join('/');

export const dateText = (instant: string | null, zone: string): string =>
  instant === null ? 'no end' : DateTime.fromISO(instant, { zone }).toFormat('yyyy-MM-dd');

interface Binding {
  readonly name: string;
  readonly limit?: Limit;
  readonly validUntil?: string | null;
}

const bindingOf = (problem: ProblemAnswer): Binding | undefined => problem['limitedBy'] as Binding | undefined;

/** The name of what binds, where a refusal names it. */
export const boundBy = (problem: ProblemAnswer): string | undefined => bindingOf(problem)?.name;

const byBinding = (problem: ProblemAnswer, zone: string): string => {
  const binding = bindingOf(problem);
  if (!binding) return '';
  const limit = binding.limit === undefined ? '' : ` ${limitText(binding.limit)}`;
  const until = typeof binding.validUntil === 'string' ? ` until ${dateText(binding.validUntil, zone)}` : '';
  return `, limited by ${binding.name}${limit}${until}`;
};

const countText = (value: unknown): string => limitText(value as Limit);

/** A refusal in one line: its code and the facts it carries. */
export const refusalText = (problem: ProblemAnswer, zone: string): string => {
  const facts = factsText(problem, zone);
  return facts === '' ? `${problem.code}: ${problem.detail ?? problem.title ?? ''}` : `${problem.code}: ${facts}`;
};

const factsText = (problem: ProblemAnswer, zone: string): string => {
  switch (problem.code) {
    case 'LIMIT_EXCEEDED':
      return `${countText(problem['requested'])} asked for, ${countText(problem['available'])} available${byBinding(problem, zone)}`;
    case 'PERIOD_OUTSIDE_PARENT':
      return `until ${dateText(problem['requestedUntil'] as string | null, zone)} asked for${byBinding(problem, zone)}`;
    case 'SIP_BELOW_MOBILE':
      return `${countText(problem['sipNumber'])} virtual numbers cannot carry ${countText(problem['mobileApp'])} mobile apps`;
    case 'FEATURE_NOT_AVAILABLE':
      return `${String(problem['feature'])} is not available${byBinding(problem, zone)}`;
    case 'STOCK_EXHAUSTED':
      return `${countText(problem['requested'])} ${RESOURCE_NAMES[problem['resource'] as Resource]} asked for, ${countText(problem['available'])} in stock`;
    case 'DESCENDANTS_AFFECTED':
      return affectedText(problem);
    default:
      return '';
  }
};

const affectedText = (problem: ProblemAnswer): string => {
  const groups = (problem['groups'] ?? []) as { name: string }[];
  const suspensions = (problem['suspensions'] ?? []) as { name: string; resource: Resource; count: number }[];
  const below = groups.length === 0 ? [] : [`affects ${groups.map(({ name }) => name).join(', ')}`];
  const inUse = suspensions.map(
    ({ name, resource, count }) => `would suspend ${count} ${RESOURCE_NAMES[resource]} at ${name}`,
  );
  return [...below, ...inUse].join('; ');
};
