import 'reflect-metadata';
import { runService } from '@allotree/platform';
import { NOTIFICATION_CONFIGURATION } from './configuration.js';
import { ACCESS_GROUP } from './access/follow-memberships/follow-memberships.controller.js';
import { CONSUMER_GROUP } from './feed/follow-groups/follow-groups.controller.js';
import { NotificationServiceModule } from './notification-service.module.js';

await runService({
  name: 'notification-service',
  summary: 'Mails about licenses that end, their templates, and what became of each.',
  configuration: NOTIFICATION_CONFIGURATION,
  module: (configuration) => NotificationServiceModule.forRoot(configuration),
  consumerGroups: [CONSUMER_GROUP, ACCESS_GROUP],
});
