export { LICENSE_CONFIGURATION, LICENSE_VARIABLES, type LicenseConfiguration } from './configuration.js';
export { ACCESS_GROUP as LICENSE_ACCESS_GROUP } from './access/follow-memberships/follow-memberships.controller.js';
export { CONSUMER_GROUP as LICENSE_CONSUMER_GROUP } from './feed/follow-groups/follow-groups.controller.js';
export { LicenseServiceModule } from './license-service.module.js';
