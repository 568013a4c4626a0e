import 'reflect-metadata';
import { runService } from '@allotree/platform';
import { LICENSE_CONFIGURATION } from './configuration.js';
import { ACCESS_GROUP, CONSUMER_GROUP } from './consumer-groups.js';
import { LicenseServiceModule } from './license-service.module.js';

await runService({
  name: 'license-service',
  summary: 'Stocks, licenses, restrictions, assignments, and what time does to them.',
  configuration: LICENSE_CONFIGURATION,
  module: (configuration) => LicenseServiceModule.forRoot(configuration),
  consumerGroups: [CONSUMER_GROUP, ACCESS_GROUP],
});
