export { LICENSE_CONFIGURATION, LICENSE_VARIABLES, type LicenseConfiguration } from './configuration.js';
export { ACCESS_GROUP as LICENSE_ACCESS_GROUP, CONSUMER_GROUP as LICENSE_CONSUMER_GROUP } from './consumer-groups.js';
export { LicenseServiceModule } from './license-service.module.js';
export { licensePolicies } from './retention.js';
