import type { Instant } from '../decision.js';
import { featureList, featureSet } from '../feature-set.js';
import { sipCoversMobile } from '../limits.js';
import type { Term } from '../words.js';
import type { ProjectCommandOf } from './commands.js';
import { settle } from './effects.js';
import type { LicenseSource } from './events.js';
import type { Recorder } from './recorder.js';
import type { ProjectRefusal } from './refusals.js';
import { sipBelowMobile } from './restrictions.js';
import type { LicenseState } from './state.js';

type Refused = ProjectRefusal | null;

/** Grants a license: by registration, by hand or out of a package (domain.md L1, L3). Idempotent by license id. */
export function grantLicense(recorder: Recorder, command: ProjectCommandOf<'GrantLicense'>): Refused {
  const { licenseId, licenseType: type, units, source, validUntil } = command;
  const { state, at } = recorder;
  if (state.licenses.has(licenseId)) return null;
  const trial = state.whole.trialLicenseId;
  if (type === 'trial' && trial !== null && !command.anotherTrial)
    return { code: 'TRIAL_ALREADY_USED', licenseId: trial };
  const validFrom = command.validFrom ?? at;
  const refusal = checkTerm({ validFrom, validUntil }, source, at);
  if (refusal) return refusal;
  if (!sipCoversMobile(units)) return sipBelowMobile(units);
  const features = featureList(featureSet(command.features));
  recorder.emit('LicenseGranted', { licenseId, type, units, features, validFrom, validUntil, source });
  settle(recorder, { groups: [], capacity: true });
  return null;
}

function checkTerm({ validFrom, validUntil }: Term, source: LicenseSource, now: Instant): Refused {
  if (validUntil === null) return null;
  if (validUntil <= validFrom) return invalid('validUntil', 'must be after validFrom');
  // What left a stock reaches the project however late it comes: its term was checked when it left (L3).
  return source.kind === 'package' || validUntil > now ? null : invalid('validUntil', 'must be in the future');
}

/** Moves the end of a license further away; an ended one comes back (domain.md E1). */
export function extendLicense(recorder: Recorder, command: ProjectCommandOf<'ExtendLicense'>): Refused {
  return changeLicense(recorder, command.licenseId, (license) => {
    const { validUntil } = command;
    if (validUntil === license.validUntil) return null;
    if (license.validUntil === null || (validUntil !== null && validUntil < license.validUntil)) {
      return invalid('validUntil', 'must not be before the end the license has');
    }
    if (validUntil !== null && validUntil <= recorder.at) return invalid('validUntil', 'must be in the future');
    const outside = outsidePackage(license, validUntil);
    if (outside) return outside;
    recorder.emit('LicenseExtended', { licenseId: license.licenseId, validUntil });
    return null;
  });
}

export const suspendLicense = (
  recorder: Recorder,
  { licenseId, reason }: ProjectCommandOf<'SuspendLicense'>,
): Refused =>
  changeLicense(recorder, licenseId, (license) => {
    if (license.suspendedReason === null) recorder.emit('LicenseSuspended', { licenseId, reason });
    return null;
  });

export const reinstateLicense = (recorder: Recorder, { licenseId }: ProjectCommandOf<'ReinstateLicense'>): Refused =>
  changeLicense(recorder, licenseId, (license) => {
    if (license.suspendedReason !== null) recorder.emit('LicenseReinstated', { licenseId });
    return null;
  });

/** Takes a license away for good; nothing returns to the stock (domain.md L4). */
export function revokeLicense(recorder: Recorder, { licenseId, reason }: ProjectCommandOf<'RevokeLicense'>): Refused {
  if (recorder.state.licenses.get(licenseId)?.revokedReason != null) return null;
  return changeLicense(recorder, licenseId, () => {
    recorder.emit('LicenseRevoked', { licenseId, reason });
    return null;
  });
}

/** Capacity that is taken away from outside the tree is never refused (domain.md L6): what no longer fits is suspended. */
function changeLicense(recorder: Recorder, licenseId: string, change: (license: LicenseState) => Refused): Refused {
  const license = recorder.state.licenses.get(licenseId);
  if (!license) return { code: 'NOT_FOUND', what: 'license', id: licenseId };
  if (license.revokedReason !== null) return { code: 'LICENSE_REVOKED', licenseId };
  const refusal = change(license);
  if (!refusal) settle(recorder, { groups: [], capacity: true });
  return refusal;
}

function outsidePackage({ source, units }: LicenseState, validUntil: number | null): Refused {
  if (source.kind !== 'package' || source.packageValidUntil === null) return null;
  if (validUntil !== null && validUntil <= source.packageValidUntil) return null;
  const limitedBy = {
    groupId: null,
    name: `package ${source.packageId}`,
    limit: units.sip_number,
    validUntil: source.packageValidUntil,
  };
  return { code: 'PERIOD_OUTSIDE_PARENT', requestedUntil: validUntil, limitedBy };
}

const invalid = (field: string, message: string): ProjectRefusal => ({ code: 'VALIDATION', field, message });
