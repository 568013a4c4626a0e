import 'reflect-metadata';
import { runService } from '@allotree/platform';
import { NOTIFICATION_CONFIGURATION } from './configuration.js';
import { ACCESS_GROUP, CONSUMER_GROUP } from './consumer-groups.js';
import { NotificationServiceModule } from './notification-service.module.js';

await runService({
  name: 'notification-service',
  summary: 'Mails about licenses that end, their templates, and what became of each.',
  configuration: NOTIFICATION_CONFIGURATION,
  module: (configuration) => NotificationServiceModule.forRoot(configuration),
  consumerGroups: [CONSUMER_GROUP, ACCESS_GROUP],
});
