export { GROUP_CONFIGURATION, GROUP_VARIABLES, type GroupConfiguration } from './configuration.js';
export { GroupServiceModule } from './group-service.module.js';
export { groupPolicies } from './retention.js';
