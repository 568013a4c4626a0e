import {
  deadLetterTopic,
  GROUPS_HISTORY_TOPIC,
  LICENSING_HISTORY_TOPIC,
  LICENSING_TOPIC,
  TOPICS,
} from '@allotree/contracts';
import type { RetentionPolicy } from '@allotree/jobs';
import type { ServiceConfiguration } from './configuration.js';

const LETTERS = TOPICS.map((topic) => `'${deadLetterTopic(topic)}'`).join(', ');

/**
 * A topic, up to the position that every consumer group has read. The topic of groups is kept: other services rebuild
 * their views from it, and late events about a membership are judged by it. The oldest events come first in the topic, so a step reads no
 * more rows than it may delete.
 */
const messagesOf = (topic: string): string => `
  DELETE FROM bus.message WHERE position IN (
    SELECT position FROM (
      SELECT position, published_at FROM bus.message
      WHERE topic = '${topic}' ORDER BY position LIMIT $2) AS oldest
    WHERE published_at < clock_timestamp() - make_interval(days => $1)
      AND position <= coalesce((SELECT min(position) FROM bus.consumer_offset WHERE topic = '${topic}'), position))`;

const PRUNED = [LICENSING_TOPIC, GROUPS_HISTORY_TOPIC, LICENSING_HISTORY_TOPIC];

const NOTE = 'replayed: ';

/** Replayed dead letters, then the notes about their replay. */
const HANDED_BACK = `
  DELETE FROM bus.message WHERE position IN (
    SELECT letter.position FROM bus.message AS letter
    WHERE letter.topic IN (${LETTERS}) AND letter.published_at < clock_timestamp() - make_interval(days => $1)
      AND CASE WHEN letter.id LIKE '${NOTE}%'
        THEN NOT EXISTS (SELECT FROM bus.message AS of WHERE of.topic = letter.topic AND of.id = substr(letter.id, ${NOTE.length + 1}))
        ELSE EXISTS (SELECT FROM bus.message AS note WHERE note.topic = letter.topic AND note.id = '${NOTE}' || letter.id)
      END
    ORDER BY letter.position LIMIT $2)`;

/** A key counts as new after 24 hours, so its row is not needed any more. */
const KEYS = `
  DELETE FROM http.idempotent_request WHERE (caller, key) IN (
    SELECT caller, key FROM http.idempotent_request WHERE created_at < now() - make_interval(days => $1) LIMIT $2)`;

export const sharedPolicies = ({ BUS_RETENTION_DAYS }: ServiceConfiguration): readonly RetentionPolicy[] => [
  ...PRUNED.map((topic) => ({ table: 'bus.message', days: BUS_RETENTION_DAYS, sql: messagesOf(topic) })),
  { table: 'bus.message', days: BUS_RETENTION_DAYS, sql: HANDED_BACK },
  { table: 'http.idempotent_request', days: 1, sql: KEYS },
];
