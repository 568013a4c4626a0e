import i18next, { type TFunction } from 'i18next';

export type Units = Readonly<Record<Resource, number | null>>;

/** What is counted, in the order in which pages show it. */
export const RESOURCES = ['sip_number', 'mobile_app', 'ukey2'] as const;
export type Resource = (typeof RESOURCES)[number];

/** With the separators of the language that is shown. */
export const numberText = (value: number): string => new Intl.NumberFormat(i18next.language).format(value);

/** `null` is unlimited. */
export const limitText = (limit: number | null, t: TFunction): string =>
  limit === null ? t('common.unlimited') : numberText(limit);

/** A resource as it stands after its number; in the plural where there is no limit. */
export const countedText = (resource: Resource, count: number | null, t: TFunction): string =>
  t(`counted.${resource}`, { count: count ?? Number.MAX_SAFE_INTEGER });

/** Such as `50 virtual numbers, 40 mobile applications`. */
export const unitsText = (units: Units, t: TFunction): string =>
  RESOURCES.filter((resource) => units[resource] !== 0)
    .map((resource) => `${limitText(units[resource], t)} ${countedText(resource, units[resource], t)}`)
    .join(', ') || '0';
