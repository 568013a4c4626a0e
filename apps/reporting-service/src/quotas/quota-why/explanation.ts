import { whyOfLevels, type QuotaExplanation, type Resource } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { eventsAt, type LoggedEvent } from '../event-references.js';
import { factsAt, type Moment, type RecordedFacts } from '../recorded-quota.js';
import { proofOf, type Proof } from './proof.js';
import {
  suspendedAssignments,
  suspendedLicenses,
  type SuspendedAssignment,
  type SuspendedLicense,
} from './suspensions.js';

/** Why a quota is what it is, with the events behind it. */
export interface Explained {
  readonly recorded: RecordedFacts;
  readonly explanation: QuotaExplanation;
  readonly assignments: readonly SuspendedAssignment[];
  readonly licenses: ReadonlyMap<string, SuspendedLicense>;
  readonly proof: Proof;
  /** By position. */
  readonly events: ReadonlyMap<string, LoggedEvent>;
}

/**
 * Explains the quota of a resource at an instant.
 * @throws Problem where there was no such project or group then
 */
export async function explain(tx: EntityManager, moment: Moment, resource: Resource): Promise<Explained> {
  const recorded = await factsAt(tx, moment);
  const explanation = whyOfLevels(recorded.facts, resource)!;
  const assignments = await suspendedAssignments(tx, moment, resource);
  const licenses = await suspendedLicenses(tx, moment);
  const proof = await proofOf(tx, moment, recorded, explanation);
  const { origins } = recorded;
  const positions = [
    ...[...assignments, ...licenses].map(({ position }) => position),
    ...origins.sections.values(),
    ...origins.licenses.values(),
    ...proof.positions,
  ];
  return {
    recorded,
    explanation,
    assignments,
    licenses: new Map(licenses.map((license) => [license.license_id, license])),
    proof,
    events: await eventsAt(tx, positions),
  };
}
