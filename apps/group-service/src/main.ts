import 'reflect-metadata';
import { runService } from '@allotree/service/process';
import { GROUP_CONFIGURATION } from './configuration.js';

await runService({
  name: 'group-service',
  summary: 'Partners, projects, groups, members and devices.',
  configuration: GROUP_CONFIGURATION,
  module: async (configuration) => {
    const { GroupServiceModule } = await import('./group-service.module.js');
    return GroupServiceModule.forRoot(configuration);
  },
  consumerGroups: [],
});
