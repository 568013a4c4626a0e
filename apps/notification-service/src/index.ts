export { NOTIFICATION_CONFIGURATION, NOTIFICATION_VARIABLES, type NotificationConfiguration } from './configuration.js';
export { ACCESS_GROUP as NOTIFICATION_ACCESS_GROUP } from './access/follow-memberships/follow-memberships.controller.js';
export { CONSUMER_GROUP as NOTIFICATION_CONSUMER_GROUP } from './feed/follow-groups/follow-groups.controller.js';
export { NotificationServiceModule } from './notification-service.module.js';
export { Notifications } from './notifications.js';
export { notificationPolicies } from './retention.js';
