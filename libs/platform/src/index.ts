export * from './bus/bus.js';
export { BusMetrics } from './bus/bus-metrics.js';
export { BusServer } from './bus/bus.server.js';
export * from './bus/connect-bus.js';
export { FeedWaiter } from './bus/feed-waiter.js';
export * from './bus/integration-event.js';
export type { DeadLetter, DeadLetterFilter } from './bus/dead-letter.js';
export { openBus } from './bus/open-bus.js';
export { PostgresBus } from './bus/postgres/postgres-bus.js';
export { PostgresGroup } from './bus/postgres/postgres-group.js';
export * from './clock.js';
export * from './configuration/configuration.js';
export { Readiness } from './readiness.js';
export { Caller, type CommandContext } from './http/caller.js';
export * from './http/configure-http.js';
export * from './http/etag.js';
export { NotKept } from './http/idempotency.js';
export { isoInstants } from './http/iso-instants.js';
export * from './http/openapi.js';
export * from './http/preview.js';
export * from './http/read-only.js';
export { accepted, notFound, Problem, refusalProblem, staleRevision, type RefusalLike } from './http/problem.js';
export * from './jobs/job-queues.js';
export { JobOutbox, type Query } from './jobs/job-outbox.js';
export { connectRedis, redisAddress, type RedisAddress } from './jobs/redis-address.js';
export { BullMqJobQueues } from './jobs/bullmq-job-queues.js';
export { createLogger, type Logger } from './logging.js';
export * from './identity/authentication.js';
export * from './identity/identity-view.js';
export * from './identity/oidc.js';
export * from './identity/password.js';
export { passwordFault } from './identity/password-rule.js';
export { Permit, SignedIn, Public } from './identity/permit.js';
export * from './identity/principal.js';
export * from './identity/access-filter.js';
export { membershipFeedOf, tenantRowsOf } from './identity/access-providers.js';
export * from './identity/membership-feed.js';
export * from './identity/membership-rows.js';
export * from './identity/permission-checker.js';
export { checkGrant, checkRevoke } from './identity/grants.js';
export * from './identity/token.js';
export * from './persistence/pages.js';
export * from './persistence/read-models.js';
export * from './persistence/rehearse.js';
export * from './persistence/rows.js';
export {
  enableRowLevelSecurity,
  disableRowLevelSecurity,
  copyTenantFrom,
  TenantRows,
  CALLER_ROLE,
  withTenants,
} from './persistence/tenant-rows.js';
export { ClockWatch } from './clock-watch.js';
export * from './platform.module.js';
export * from './postgres/embedded-postgres.js';
export * from './postgres/pool.js';
export * from './postgres/supervised-postgres.js';
export { isAlive } from './postgres/postgres-cluster.js';
export { platformPolicies } from './retention/platform-policies.js';
export { Retention, retentionOf, type RetentionPolicy } from './retention/retention.js';
export { RetentionMetrics } from './retention/retention-metrics.js';
export { Storage, type StorageOptions } from './storage.js';
export * from './process/process.js';
export { projectionsController, type SubscriptionOperations } from './projections/projections.controller.js';
export { describeMetrics, type MetricDocs } from './metrics.js';
export * from './quotas/quotas.js';
export * from './service-metrics.js';
export { TestClock } from './test-clock/test-clock.js';
export * from './tokens.js';
