/** The consumer group of the events about groups. */
export const CONSUMER_GROUP = 'notification-service';
/** The consumer group of the events about memberships. */
export const ACCESS_GROUP = 'notification-service-access';
/** The consumer group of all events, for webhooks. */
export const WEBHOOKS_GROUP = 'notification-service-webhooks';
