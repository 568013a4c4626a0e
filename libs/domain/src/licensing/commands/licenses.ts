import type { Instant } from '../../decision.js';
import { featureList, featureSet } from '../../feature-set.js';
import { sipCoversMobile } from '../../limits.js';
import type { Term } from '../../words.js';
import { VENDOR, isAtOrAbove, named, placeIssuedFrom } from '../limits/authority.js';
import { sipBelowMobile } from '../limits/checks.js';
import type { ProjectCommandOf } from '../model/commands.js';
import type { LicenseSource, Place } from '../model/events.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { ProjectRefusal } from '../model/refusals.js';
import type { LicenseState } from '../model/facts.js';
import type { ProjectState } from '../model/state.js';
import { reinstateFitting, settleUse } from '../time/use.js';
import { externalIdFault, factOfExternalId, namedExternalId } from './external-ids.js';

type Refused = ProjectRefusal | null;

/** Grants a license: by registration, by hand or out of a package (L1, L3). Idempotent by license id. */
export function grantLicense(recorder: CurrentRecorder, command: ProjectCommandOf<'GrantLicense'>): Refused {
  const { licenseId, licenseType: type, units, source, validUntil } = command;
  const { state, at } = recorder;
  if (state.licenses.has(licenseId)) return null;
  const validFrom = command.validFrom ?? at;
  const externalId = grantedExternalId(state, command);
  const refusal =
    checkTrial(state, command) ??
    checkTerm({ validFrom, validUntil }, source, at) ??
    externalIdFault(state, 'license', externalId);
  if (refusal) return refusal;
  if (!sipCoversMobile(units)) return sipBelowMobile(units);
  const features = featureList(featureSet(command.features));
  const license = { licenseId, type, units, features, validFrom, validUntil, source };
  recorder.record('LicenseGranted', { ...license, ...factOfExternalId(externalId) });
  reinstateFitting(recorder);
  return null;
}

/** Units that have left their stock reach the project without their external id if another license has it by now (L3). */
function grantedExternalId(
  state: ProjectState,
  { isDebited, externalId: sent }: ProjectCommandOf<'GrantLicense'>,
): string | null {
  const externalId = namedExternalId(sent);
  return isDebited === true && externalIdFault(state, 'license', externalId) ? null : externalId;
}

/** L1: one trial a project, from now for the usual time; only a server administrator can deviate. */
function checkTrial(state: ProjectState, command: ProjectCommandOf<'GrantLicense'>): Refused {
  const { licenseType, source, validFrom, validUntil, authority, usualUntil } = command;
  if (licenseType !== 'trial' || authority?.kind === 'vendor') return null;
  const trial = state.totals.trialLicenseId;
  if (trial !== null) return { code: 'TRIAL_ALREADY_USED', licenseId: trial };
  const isUsual = validFrom === null && validUntil === usualUntil;
  return source.kind === 'registration' || isUsual
    ? null
    : { code: 'TRIAL_TERM_FIXED', validUntil: usualUntil ?? null };
}

function checkTerm({ validFrom, validUntil }: Term, source: LicenseSource, now: Instant): Refused {
  if (validUntil === null) return null;
  if (validUntil <= validFrom) return invalid('validUntil', 'must be after validFrom');
  // Units that left a stock reach the project however late, because their term was checked when they left (L3).
  return source.kind === 'package' || validUntil > now ? null : invalid('validUntil', 'must be in the future');
}

/** Moves the end of a license to a later instant; an ended license is in force again (E1). */
export function extendLicense(recorder: CurrentRecorder, command: ProjectCommandOf<'ExtendLicense'>): Refused {
  return changeLicense(recorder, command, (license) => {
    const { validUntil } = command;
    if (validUntil === license.validUntil) return null;
    if (license.validUntil === null || (validUntil !== null && validUntil < license.validUntil)) {
      return invalid('validUntil', 'must not be before the end the license has');
    }
    if (validUntil !== null && validUntil <= recorder.at) return invalid('validUntil', 'must be in the future');
    const outside = outsidePackage(license, validUntil);
    if (outside) return outside;
    recorder.record('LicenseExtended', { licenseId: license.licenseId, validUntil });
    return null;
  });
}

/** A second suspension from a higher place replaces the first: only from there can it be reinstated (L4). */
export const suspendLicense = (recorder: CurrentRecorder, command: ProjectCommandOf<'SuspendLicense'>): Refused =>
  changeLicense(recorder, command, (license) => {
    const { licenseId, reason, authority: place } = command;
    const isSuspended = license.suspendedReason !== null;
    if (isSuspended && isAtOrAbove(recorder.state, placeSuspendedFrom(license), place)) return null;
    recorder.record('LicenseSuspended', { licenseId, reason, place });
    return null;
  });

export const reinstateLicense = (recorder: CurrentRecorder, command: ProjectCommandOf<'ReinstateLicense'>): Refused =>
  changeLicense(recorder, command, (license) => {
    const { licenseId, authority } = command;
    if (license.suspendedReason === null) return null;
    const place = placeSuspendedFrom(license);
    if (!isAtOrAbove(recorder.state, authority, place))
      return { code: 'SUSPENDED_FROM_ABOVE', licenseId, place: named(recorder.state, place) };
    recorder.record('LicenseReinstated', { licenseId });
    return null;
  });

/** An unrecorded place may have been the vendor's, so only the vendor can reinstate. */
const placeSuspendedFrom = ({ suspendedFrom }: LicenseState): Place => suspendedFrom ?? VENDOR;

/** Takes a license away for good; nothing returns to the stock (L4). */
export function revokeLicense(recorder: CurrentRecorder, command: ProjectCommandOf<'RevokeLicense'>): Refused {
  const { licenseId, reason } = command;
  if (recorder.state.licenses.get(licenseId)?.revokedReason != null) return null;
  return changeLicense(recorder, command, () => {
    recorder.record('LicenseRevoked', { licenseId, reason });
    return null;
  });
}

/**
 * Changes a license only from the place it was issued from or above it (L4). A change that takes capacity away is never
 * refused because groups depend on it (L6): the excess is suspended.
 */
function changeLicense(
  recorder: CurrentRecorder,
  { licenseId, authority }: { readonly licenseId: string; readonly authority: Place },
  change: (license: LicenseState) => Refused,
): Refused {
  const { state } = recorder;
  const license = state.licenses.get(licenseId);
  if (!license) return { code: 'NOT_FOUND', what: 'license', id: licenseId };
  const place = placeIssuedFrom(license);
  if (!isAtOrAbove(state, authority, place))
    return { code: 'ISSUED_FROM_ABOVE', licenseId, place: named(state, place) };
  if (license.revokedReason !== null) return { code: 'LICENSE_REVOKED', licenseId };
  const refusal = change(license);
  if (refusal) return refusal;
  settleUse(recorder, { groups: [], capacity: true });
  return null;
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
  return { code: 'PERIOD_OUTSIDE_PARENT', side: 'end', requestedUntil: validUntil, limitedBy };
}

const invalid = (field: string, message: string): ProjectRefusal => ({ code: 'VALIDATION', field, message });
