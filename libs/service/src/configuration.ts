import { BASICS_CONFIGURATION, integer, variable } from '@allotree/basics/configuration';
import { BUS_CONFIGURATION } from '@allotree/bus/configuration';
import { HTTP_CONFIGURATION } from '@allotree/http/configuration';
import { IDENTITY_CONFIGURATION } from '@allotree/identity/configuration';
import { JOBS_CONFIGURATION } from '@allotree/jobs/configuration';
import { z } from 'zod';

/** The settings of a process that runs services. */
const PROCESS_CONFIGURATION = z.object({
  EVENT_STORE_URL: variable(
    z
      .string()
      .regex(/^(postgres(ql)?|esdb(\+discover)?):\/\/\S+$/)
      .optional(),
    {
      description: 'The event store, where it is not the database: an EventStoreDB, or another PostgreSQL.',
      allowed: 'a URL such as esdb://user:password@host:2113?tls=true, esdb+discover://..., or postgres://...',
      secret: true,
    },
  ),
  METRICS_TOKEN: variable(z.string().min(16).optional(), {
    description:
      'Bearer token that GET /metrics requires. Unset: /metrics answers only where HOST is a loopback address, and 404 elsewhere.',
    allowed: 'at least 16 characters, random',
    secret: true,
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable(z.url({ protocol: /^https?$/ }).optional(), {
    description:
      'The OpenTelemetry collector that traces are exported to. Unset: none are recorded. The other OTEL_* variables of the OpenTelemetry specification count as well.',
    allowed: 'a URL such as http://collector.example.com:4318',
  }),
  SHUTDOWN_DELAY_MS: variable(integer(0, 300_000).prefault('0'), {
    description:
      'How long a stopping process still answers requests while it reports that it is not ready, so that load balancers stop sending requests first, in milliseconds.',
    allowed: 'a whole number from 0 to 300000',
  }),
  CLOCK_SKEW_SECONDS: variable(integer(1, 86_400).prefault('30'), {
    description:
      'How far the clocks of this machine and of the database can differ before the log and /health/ready (`clock`) warn and scheduled work is left to other replicas, in seconds.',
    allowed: 'a whole number from 1 to 86400',
  }),
  TEST_CLOCK: variable(
    z
      .enum(['0', '1'])
      .prefault('0')
      .transform((value) => value === '1'),
    {
      description:
        'With 1 the clock of this process can be moved forward (PUT /api/v1/test-clock), for tests and demonstrations.',
      allowed: '0 or 1, and never 1 with NODE_ENV=production',
      ruledOut: (value, env) =>
        value === true && env['NODE_ENV'] === 'production' ? 'is 1, and NODE_ENV is production' : null,
    },
  ),
});

/** The settings of every service: those of its libraries and of the process. Services extend it: `SERVICE_CONFIGURATION.extend({ ... })`. */
export const SERVICE_CONFIGURATION = z.object({
  ...HTTP_CONFIGURATION.shape,
  ...BASICS_CONFIGURATION.shape,
  ...PROCESS_CONFIGURATION.shape,
  ...IDENTITY_CONFIGURATION.shape,
  ...JOBS_CONFIGURATION.shape,
  ...BUS_CONFIGURATION.shape,
});

export type ServiceConfiguration = z.infer<typeof SERVICE_CONFIGURATION>;
