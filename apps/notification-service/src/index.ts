export { NOTIFICATION_CONFIGURATION, NOTIFICATION_VARIABLES, type NotificationConfiguration } from './configuration.js';
export {
  ACCESS_GROUP as NOTIFICATION_ACCESS_GROUP,
  CONSUMER_GROUP as NOTIFICATION_CONSUMER_GROUP,
  WEBHOOKS_GROUP as NOTIFICATION_WEBHOOKS_GROUP,
} from './consumer-groups.js';
export { NotificationServiceModule } from './notification-service.module.js';
export { Notifications } from './notifications.js';
export { notificationPolicies } from './retention.js';
