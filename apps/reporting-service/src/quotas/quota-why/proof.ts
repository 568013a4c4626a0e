import type { QuotaExplanation, Resource } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../../tokens.js';
import type { Moment, RecordedFacts } from '../recorded-quota.js';

/** Events that a proof names at most. */
const MAX_EVENTS = 1_000;
/** Events of one instant that are looked at. */
const OF_ONE_INSTANT = 20;

const LICENSES = [
  'license-granted',
  'license-extended',
  'license-suspended',
  'license-reinstated',
  'license-revoked',
  'basic-license-ended',
].map((name) => `allotree.${name}.v1`);

const RELOCATED = 'allotree.group-relocated.v1';

/** Events about licenses, and those that added the devices of the instant. */
const OF_LICENSES = `
  SELECT position FROM ${REPORTING}.event_of_group of_group JOIN ${REPORTING}.event USING (position)
  WHERE of_group.project_id = $1 AND of_group.group_id = $1 AND type = ANY ($3) AND at <= $2::timestamptz
  ORDER BY position DESC LIMIT ${MAX_EVENTS + 1}`;
const OF_DEVICES = `
  SELECT position FROM ${REPORTING}.basic_license_version
  WHERE project_id = $1 AND from_at <= $2::timestamptz AND (until_at IS NULL OR until_at > $2::timestamptz)
  ORDER BY position DESC LIMIT ${MAX_EVENTS + 1}`;

/** Every instant at which the use changed, with the events of that instant that changed it. */
const OF_USE = `
  SELECT event.position, event.type, event.place FROM (
    SELECT at, position FROM ${REPORTING}.usage_step
    WHERE project_id = $1 AND group_id = $3 AND resource = $4 AND at <= $2::timestamptz
    ORDER BY at DESC LIMIT ${MAX_EVENTS + 1}) AS step
  CROSS JOIN LATERAL (
    SELECT position, type, row_number() OVER (ORDER BY position DESC) AS place FROM (
      SELECT * FROM ${REPORTING}.event
      WHERE subject = $1 AND position <= step.position ORDER BY position DESC LIMIT ${OF_ONE_INSTANT}) AS nearby
    WHERE at = step.at AND source = '/license-service'
      AND (data @> $5::jsonb OR data @> jsonb_build_object('assignments', jsonb_build_array($5::jsonb))
        OR (type = '${RELOCATED}' AND (data -> 'path' ? $3 OR data -> 'previousPath' ? $3)))) AS event`;

interface UseEvent {
  readonly position: string;
  readonly type: string;
  readonly place: string;
}

export interface Proof {
  readonly positions: readonly string[];
  readonly isComplete: boolean;
}

/** The events which, folded alone, give the number that the explanation explains: the newest. */
export async function proofOf(
  tx: EntityManager,
  { projectId, at }: Moment,
  { origins }: RecordedFacts,
  explanation: QuotaExplanation,
): Promise<Proof> {
  const when = new Date(at).toISOString();
  const binding = explanation.levels.find(({ isBinding }) => isBinding)?.groupId;
  const group = binding === undefined ? explanation.groupId : (binding ?? projectId);
  const about = { resource: explanation.resource, path: [group] } satisfies { resource: Resource; path: string[] };
  const licenses: { position: string }[] = await tx.query(OF_LICENSES, [projectId, when, LICENSES]);
  const devices: { position: string }[] = await tx.query(OF_DEVICES, [projectId, when]);
  const use: UseEvent[] = await tx.query(OF_USE, [projectId, when, group, about.resource, JSON.stringify(about)]);
  const positions = [...origins.sections.values(), origins.project, ...positionsOf([...licenses, ...devices, ...use])];
  const newest = [...new Set(positions)].sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1));
  return {
    positions: newest.slice(0, MAX_EVENTS),
    // A group that was moved took its use along, which other events made.
    isComplete:
      newest.length <= MAX_EVENTS && !use.some(({ type, place }) => type === RELOCATED || isLastLookedAt(place)),
  };
}

const isLastLookedAt = (place: string): boolean => Number(place) === OF_ONE_INSTANT;

const positionsOf = (rows: readonly { readonly position: string }[]): string[] => rows.map(({ position }) => position);
