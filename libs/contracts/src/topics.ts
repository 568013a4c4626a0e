/** Topics of the integration bus. The key of every message is the id of the project (or partner) it is about. */
export const GROUPS_TOPIC = 'groups.events.v1';
export const LICENSING_TOPIC = 'licensing.events.v1';
/** Statements and credit notes. The key is the buyer: a project or partner. */
export const BILLING_TOPIC = 'billing.events.v1';
/** The topics of integration events, for everybody. */
export const EVENT_TOPICS = [GROUPS_TOPIC, LICENSING_TOPIC, BILLING_TOPIC] as const;

/**
 * Events of earlier versions, published once more after an update and as this version publishes them: with the fields and types that were missing.
 * Only the reporting service reads these topics.
 */
export const GROUPS_HISTORY_TOPIC = 'groups.history.v1';
export const LICENSING_HISTORY_TOPIC = 'licensing.history.v1';
export const TOPICS: readonly string[] = [...EVENT_TOPICS, GROUPS_HISTORY_TOPIC, LICENSING_HISTORY_TOPIC];

/** Where a message goes that a consumer could not handle, with its error. */
export const deadLetterTopic = (topic: string): string => `${topic}.dlq`;
