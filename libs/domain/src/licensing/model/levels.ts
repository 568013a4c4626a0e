import type { Instant } from '../../decision.js';
import type { FeatureSet } from '../../feature-set.js';
import type { Units } from '../../words.js';
import { capacityOfLicenses } from './capacity.js';
import type { Allotment, RestrictionSettings } from './events.js';
import type { AllotmentState, LicenseState, Project, Restriction, Usage } from './facts.js';
import { licensePhaseAt, limitsOfPhases, phaseAt } from './phases.js';

/** An allotment at an instant, with its term; `sequence` is its order of creation in the project. */
export type LevelAllotment = Pick<
  AllotmentState,
  'allotmentId' | 'type' | 'units' | 'features' | 'validFrom' | 'validUntil' | 'sequence' | 'phase'
>;

/** The restriction of a group at an instant: its own limit (R2), the features on (R5), and the allotments behind both. */
export interface LevelRestriction extends Readonly<Pick<Restriction, 'poolMode' | 'own' | 'features'>> {
  readonly allotments: readonly LevelAllotment[];
}

/** The use of a group and everything below it at an instant. */
export type LevelUsage = Readonly<Omit<Usage, 'restrictedBelow'>>;

/** One group on a path, with its limits and its use. */
export interface Level {
  readonly groupId: string;
  readonly name: string;
  /** `null`: no limit of its own. */
  readonly restriction: LevelRestriction | null;
  readonly usage: LevelUsage;
}

/** A license at an instant. */
export type LevelLicense = Pick<
  LicenseState,
  | 'licenseId'
  | 'type'
  | 'units'
  | 'features'
  | 'validFrom'
  | 'validUntil'
  | 'phase'
  | 'suspendedReason'
  | 'revokedReason'
>;

/** The project at an instant: its devices, its capacity and features (L5), and the licenses behind both. */
export interface LevelProject {
  /** `null`: not opened yet. */
  readonly project: Readonly<Pick<Project, 'name' | 'billingMode'>> | null;
  readonly devices: number;
  readonly capacity: Units;
  readonly features: FeatureSet;
  /** In the order in which they were granted. */
  readonly licenses: readonly LevelLicense[];
}

/** A Licenses section as an event leaves it. The allotments need their order of creation, which decides what is newest. */
export interface SectionTerms extends Pick<RestrictionSettings, 'enabled' | 'poolMode' | 'gracePeriodDays'> {
  readonly allotments: readonly (Allotment & { readonly sequence: number })[];
}

/** The restriction of a Licenses section at an instant, with days in the time zone of the project (E4); `null`: disabled. */
export function restrictionOfTerms(section: SectionTerms, timeZone: string, at: Instant): LevelRestriction | null {
  if (!section.enabled) return null;
  const grace = { days: section.gracePeriodDays, timeZone };
  const allotments = section.allotments.map((allotment) => ({ ...allotment, phase: phaseAt(allotment, grace, at) }));
  const { own, features } = limitsOfPhases(allotments);
  return { poolMode: section.poolMode, own, features, allotments };
}

/** The project at an instant, computed from its devices and licenses (L5). */
export function projectOfTerms(
  project: LevelProject['project'],
  devices: number,
  terms: readonly Omit<LevelLicense, 'phase'>[],
  at: Instant,
): LevelProject {
  const licenses = terms.map((term) => ({ ...term, phase: licensePhaseAt(term, at) }));
  const { capacity, features } = capacityOfLicenses(project?.billingMode ?? 'prepaid', devices, licenses);
  return { project, devices, licenses, capacity, features };
}
