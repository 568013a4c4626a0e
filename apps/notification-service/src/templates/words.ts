import { dateAt, daysBetween, lastDayOf, startsDay } from '@allotree/domain';
import { DateTime } from 'luxon';

const RESOURCES = {
  sip_number: ['virtual number', 'virtual numbers'],
  mobile_app: ['mobile app', 'mobile apps'],
  ukey2: ['UKEY2', 'UKEY2'],
} as const;

const FEATURES: Readonly<Record<string, string>> = {
  sip_trunks: 'SIP trunks',
  group_forward_rules: 'group forward rules',
  remote_door_opening: 'remote door opening',
  whitelabel: 'white label',
  apple_watch: 'Apple Watch',
  siri: 'Siri',
  family_events: 'family events',
  elevators: 'elevators',
  guest_access: 'guest access',
  amenities_reservation: 'amenities reservation',
  license_plates: 'license plates',
};

type Counts = Readonly<Record<keyof typeof RESOURCES, number>>;

export const counted = (number: number, [one, many]: readonly [string, string]): string =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`;

export const days = (number: number): string => counted(number, ['day', 'days']);
export const groups = (number: number): string => counted(number, ['group', 'groups']);

/** `a, b and c`; what is left out beyond so many is counted. */
export function listed(words: readonly string[], { most = 5, last = 'and' } = {}): string {
  const shown = words.length > most ? [...words.slice(0, most), `${words.length - most} more`] : words;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} ${last} ${shown[shown.length - 1]}`;
}

/** `80 virtual numbers, 60 mobile apps and 5 UKEY2`; empty where there are none. */
export const resourcesInWords = (counts: Counts): string =>
  listed(
    (Object.keys(RESOURCES) as (keyof typeof RESOURCES)[])
      .filter((resource) => counts[resource] > 0)
      .map((resource) => counted(counts[resource], RESOURCES[resource])),
  );

export const sumOf = (counts: readonly Counts[]): Counts => ({
  sip_number: counts.reduce((sum, each) => sum + each.sip_number, 0),
  mobile_app: counts.reduce((sum, each) => sum + each.mobile_app, 0),
  ukey2: counts.reduce((sum, each) => sum + each.ukey2, 0),
});

export const featuresInWords = (features: readonly string[]): string =>
  listed(
    features.map((feature) => FEATURES[feature] ?? feature),
    { most: 20 },
  );

export const licenseInWords = (type: string | null): string =>
  type === null ? 'no license' : type.charAt(0).toUpperCase() + type.slice(1);

const zoned = (iso: string, timeZone: string): DateTime => DateTime.fromISO(iso, { zone: timeZone, locale: 'en' });

/** The last day of a term that ends with a day there, else the day and the time (E4). */
export function endInWords(iso: string, timeZone: string): string {
  const end = Date.parse(iso);
  return startsDay(end, timeZone) ? dateInWords(lastDayOf(end, timeZone)) : momentInWords(iso, timeZone);
}

const dateInWords = (date: string): string => zoned(date, 'UTC').toFormat('d MMMM yyyy');

const momentInWords = (iso: string, timeZone: string): string =>
  zoned(iso, timeZone).toFormat(`d MMMM yyyy, HH:mm '(${timeZone.replaceAll("'", '')})'`);

/** Whole days of the calendar there from now to the last day of the term; 0 is today, never less. */
export const daysUntil = (iso: string, timeZone: string, now: number): number =>
  Math.max(0, daysBetween(dateAt(now, timeZone), lastDayOf(Date.parse(iso), timeZone)));
