import 'reflect-metadata';
import { runService } from '@allotree/service/process';
import { REPORTING_CONFIGURATION } from './configuration.js';
import { ACCESS_GROUP, CONSUMER_GROUP } from './consumer-groups.js';

await runService({
  name: 'reporting-service',
  summary: 'Every integration event since the first one, to pull in order.',
  configuration: REPORTING_CONFIGURATION,
  module: async (configuration) => {
    const { ReportingServiceModule } = await import('./reporting-service.module.js');
    return ReportingServiceModule.forRoot(configuration);
  },
  consumerGroups: [CONSUMER_GROUP, ACCESS_GROUP],
});
