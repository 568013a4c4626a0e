import 'reflect-metadata';
import { runService } from '@allotree/service/process';
import { LICENSE_CONFIGURATION } from './configuration.js';
import { ACCESS_GROUP, CONSUMER_GROUP } from './consumer-groups.js';

await runService({
  name: 'license-service',
  summary: 'Stocks, licenses, restrictions, assignments, and what time does to them.',
  configuration: LICENSE_CONFIGURATION,
  module: async (configuration) => {
    const { LicenseServiceModule } = await import('./license-service.module.js');
    return LicenseServiceModule.forRoot(configuration);
  },
  consumerGroups: [CONSUMER_GROUP, ACCESS_GROUP],
});
