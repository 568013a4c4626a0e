/** Topics of the integration bus. The key of every message is the id of the project (or partner) it is about. */
export const GROUPS_TOPIC = 'groups.events.v1';
export const LICENSING_TOPIC = 'licensing.events.v1';
/** Statements and credit notes. The key is the buyer: a project or partner. */
export const BILLING_TOPIC = 'billing.events.v1';

/** Where a message goes that a consumer could not handle, with its error. */
export const deadLetterTopic = (topic: string): string => `${topic}.dlq`;
