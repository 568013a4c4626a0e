import 'reflect-metadata';
import { runService } from '@allotree/service/process';
import { NOTIFICATION_CONFIGURATION } from './configuration.js';
import { ACCESS_GROUP, CONSUMER_GROUP, WEBHOOKS_GROUP } from './consumer-groups.js';

await runService({
  name: 'notification-service',
  summary: 'Mails about licenses that end, their templates, webhooks, and what became of each.',
  configuration: NOTIFICATION_CONFIGURATION,
  module: async (configuration) => {
    const { NotificationServiceModule } = await import('./notification-service.module.js');
    return NotificationServiceModule.forRoot(configuration);
  },
  consumerGroups: [CONSUMER_GROUP, ACCESS_GROUP, WEBHOOKS_GROUP],
});
