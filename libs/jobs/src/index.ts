export { BullMqJobQueues } from './bullmq-job-queues.js';
export * from './configuration.js';
export { JobOutbox, type Query } from './job-outbox.js';
export * from './job-queues.js';
export { RetentionMetrics } from './retention/retention-metrics.js';
export { Retention, retentionOf, type RetentionPolicy } from './retention/retention.js';
