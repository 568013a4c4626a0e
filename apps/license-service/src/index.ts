export { LICENSE_CONFIGURATION, LICENSE_VARIABLES, type LicenseConfiguration } from './configuration.js';
export { CONSUMER_GROUP as LICENSE_CONSUMER_GROUP } from './feed/follow-groups/follow-groups.controller.js';
export { LicenseServiceModule } from './license-service.module.js';
