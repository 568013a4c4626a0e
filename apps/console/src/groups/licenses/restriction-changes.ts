import type { TFunction } from 'i18next';
import { termText } from '../../parts/dates.js';
import { unitsText } from '../../parts/limit-text.js';
import type { AllotmentEntry, RestrictionEntry } from './restriction-form.js';

/** One thing that differs. `null`: it was or is not there. */
export interface RestrictionChange {
  readonly key: string;
  readonly label: string;
  readonly before: string | null;
  readonly after: string | null;
}

interface Reader {
  readonly t: TFunction;
  readonly timeZone: string;
  readonly language: string;
}

type Shown = ReadonlyMap<string, { readonly label: string; readonly text: string }>;

function allotmentText({ type, units, features, validFrom, validUntil }: AllotmentEntry, reader: Reader): string {
  const { t, timeZone, language } = reader;
  const named = features.map((feature) => t(`features.${feature}`)).join(', ');
  const term =
    validFrom === null
      ? t('common.indefinite')
      : termText(validFrom, validUntil, timeZone, language, t('common.indefinite'));
  return [t(`licenseTypes.${type}`), unitsText(units, t), named, term].filter((part) => part !== '').join(' · ');
}

/** Each part of a restriction in words. */
function shownOf(
  { enabled, poolMode, gracePeriodDays, reminder, allotments }: RestrictionEntry,
  reader: Reader,
): Shown {
  const { t } = reader;
  const parts: [string, { label: string; text: string }][] = [
    ['enabled', { label: t('licenses.enable'), text: t(enabled ? 'common.yes' : 'common.no') }],
    ['pool', { label: t('licenses.pool'), text: t(`licenses.pools.${poolMode}`) }],
    ['grace', { label: t('licenses.grace'), text: String(gracePeriodDays) }],
  ];
  if (reminder !== null) {
    const { daysBefore, recurrence, recipients } = reminder;
    const text = [
      daysBefore.join(', '),
      t(`licenses.recurrences.${recurrence}`),
      t(`licenses.recipientsOf.${recipients}`),
    ];
    parts.push(['reminder', { label: t('licenses.reminder'), text: text.join(' · ') }]);
  }
  for (const [index, allotment] of allotments.entries())
    parts.push([
      `license ${index}`,
      { label: t('licenses.license', { number: index + 1 }), text: allotmentText(allotment, reader) },
    ]);
  return new Map(parts);
}

/** What differs between two states of a restriction, in the order of the form. */
export function changesBetween(
  before: RestrictionEntry,
  after: RestrictionEntry,
  reader: Reader,
): readonly RestrictionChange[] {
  const [old, now] = [shownOf(before, reader), shownOf(after, reader)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    if (was?.text === is?.text) return [];
    return [{ key, label: (is ?? was)!.label, before: was?.text ?? null, after: is?.text ?? null }];
  });
}
