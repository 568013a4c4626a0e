import 'reflect-metadata';
import { runService } from '@allotree/platform';
import { GROUP_CONFIGURATION } from './configuration.js';
import { GroupServiceModule } from './group-service.module.js';

await runService({
  name: 'group-service',
  summary: 'Partners, projects, groups, members and devices.',
  configuration: GROUP_CONFIGURATION,
  module: (configuration) => GroupServiceModule.forRoot(configuration),
  consumerGroups: [],
});
