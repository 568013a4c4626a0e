/** The consumer group of all events, for the event log. */
export const CONSUMER_GROUP = 'reporting-service';
/** The consumer group of the events about memberships. */
export const ACCESS_GROUP = 'reporting-service-access';
