import type { LicenseView } from '@allotree/domain';
import { daysOf } from '../dates.js';
import { publicObject } from '../public-json.js';

/** A license as answers show it: with the first and the last day of its term in the project's time zone (E4). */
export const licenseAnswer = (license: LicenseView, timeZone: string): Record<string, unknown> => ({
  ...publicObject(license),
  // The Basic licenses of all devices began with each of them.
  ...(license.licenseId === null ? {} : daysOf(license, timeZone)),
});
