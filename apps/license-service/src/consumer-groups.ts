/** The consumer group of the events about groups. */
export const CONSUMER_GROUP = 'license-service';
/** The consumer group of the events about memberships. */
export const ACCESS_GROUP = 'license-service-access';
