export { REPORTING_CONFIGURATION, REPORTING_VARIABLES, type ReportingConfiguration } from './configuration.js';
export {
  ACCESS_GROUP as REPORTING_ACCESS_GROUP,
  CONSUMER_GROUP as REPORTING_CONSUMER_GROUP,
} from './consumer-groups.js';
export { ReportingServiceModule } from './reporting-service.module.js';
