import 'reflect-metadata';
import { runService } from '@allotree/platform';
import { LICENSE_CONFIGURATION } from './configuration.js';
import { ACCESS_GROUP } from './access/follow-memberships/follow-memberships.controller.js';
import { CONSUMER_GROUP } from './feed/follow-groups/follow-groups.controller.js';
import { LicenseServiceModule } from './license-service.module.js';

await runService({
  name: 'license-service',
  summary: 'Stocks, licenses, restrictions, assignments, and what time does to them.',
  configuration: LICENSE_CONFIGURATION,
  module: (configuration) => LicenseServiceModule.forRoot(configuration),
  consumerGroups: [CONSUMER_GROUP, ACCESS_GROUP],
});
