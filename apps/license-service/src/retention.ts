import type { RetentionPolicy } from '@allotree/jobs';

/** The newest entry of a subject stays: the next one takes from it what was before. */
const HISTORY = `
  DELETE FROM licensing.history_entry WHERE (project_id, position, ordinal) IN (
    SELECT entry.project_id, entry.position, entry.ordinal FROM licensing.history_entry AS entry
    WHERE entry.recorded_at < now() - make_interval(days => $1)
      AND (entry.subject IS NULL OR EXISTS (
        SELECT FROM licensing.history_entry AS newer
        WHERE newer.project_id = entry.project_id AND newer.subject = entry.subject AND newer.position > entry.position))
    LIMIT $2)`;

/** A removed group is known as long as its history. */
const REMOVED_GROUPS = `
  DELETE FROM licensing.license_group WHERE (project_id, group_id) IN (
    SELECT project_id, group_id FROM licensing.license_group
    WHERE removed_at < now() - make_interval(days => $1) LIMIT $2)`;

interface Settings {
  readonly HISTORY_RETENTION_DAYS: number;
}

export const licensePolicies = ({ HISTORY_RETENTION_DAYS: days }: Settings): readonly RetentionPolicy[] => [
  { table: 'licensing.history_entry', days, sql: HISTORY },
  { table: 'licensing.license_group', days, sql: REMOVED_GROUPS },
];
