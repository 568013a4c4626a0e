import { RESOURCES, type Limit, type Resource, type Units } from './words.js';

/** Arithmetic of limits, where `null` is unlimited and the largest of all (docs/domain/words.md and L5). */

/** Plain numbers per resource, for use as opposed to limits. */
export type Counts = Record<Resource, number>;

export const NO_UNITS: Units = { sip_number: 0, mobile_app: 0, ukey2: 0 };
export const UNLIMITED: Units = { sip_number: null, mobile_app: null, ukey2: null };

export const noCounts = (): Counts => ({ sip_number: 0, mobile_app: 0, ukey2: 0 });

export const plus = (a: Limit, b: Limit): Limit => (a === null || b === null ? null : a + b);

export const least = (a: Limit, b: Limit): Limit => (a === null ? b : b === null ? a : Math.min(a, b));

/** Whether `a` is more than `b`. */
export const exceeds = (a: Limit, b: Limit): boolean => b !== null && (a === null || a > b);

/** The unused part of a limit; negative when use exceeds it. */
export const minus = (limit: Limit, used: number): Limit => (limit === null ? null : limit - used);

export const eachResource = <Value>(value: (resource: Resource) => Value): Readonly<Record<Resource, Value>> => ({
  sip_number: value('sip_number'),
  mobile_app: value('mobile_app'),
  ukey2: value('ukey2'),
});

export const eachUnit = (value: (resource: Resource) => Limit): Units => eachResource(value);

export const sumUnits = (a: Units, b: Units): Units =>
  a === NO_UNITS ? b : eachUnit((resource) => plus(a[resource], b[resource]));

export const leastUnits = (a: Units, b: Units): Units => eachUnit((resource) => least(a[resource], b[resource]));

export const sameUnits = (a: Units, b: Units): boolean => RESOURCES.every((resource) => a[resource] === b[resource]);

/** R1: every app needs a number of its own. */
export const sipCoversMobile = (units: Units): boolean => !exceeds(units.mobile_app, units.sip_number);

/** The units of the Basic licenses of `devices` devices (L2). */
export const basicUnitsOf = (devices: number): Units => ({
  sip_number: 2 * devices,
  mobile_app: 2 * devices,
  ukey2: 0,
});
