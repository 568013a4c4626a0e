import { flag, integer, isSet, variable } from '@allotree/basics/configuration';
import { z } from 'zod';

/** `host:port`, separated by commas. */
const brokerList = () =>
  z
    .string()
    .transform((list) => list.split(',').map((broker) => broker.trim()))
    .pipe(z.array(z.string().regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/)));

/** The settings of the integration bus. */
export const BUS_CONFIGURATION = z.object({
  BUS_RETENTION_DAYS: variable(integer(0, 36_500).prefault('30'), {
    description:
      'How long licensing events stay in bus.message after every consumer group has read them. For the bus in PostgreSQL only; on Kafka see KAFKA_RETENTION_MS.',
    allowed: 'a whole number of days from 0 (forever) to 36500',
  }),
  KAFKA_BROKERS: variable(brokerList().optional(), {
    description:
      'The Kafka brokers of the integration bus. Unset: the bus is in the PostgreSQL database, in the schema bus.',
    allowed: 'a list such as kafka-1:9092,kafka-2:9092',
  }),
  KAFKA_CLIENT_ID: variable(
    z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,100}$/)
      .prefault('allotree'),
    {
      description: 'Kafka client id of this system, the same in all its services; the prefix of its transactional ids.',
      allowed: 'letters, digits, ".", "_" and "-"',
    },
  ),
  KAFKA_SSL: variable(flag().prefault('false'), {
    description: 'Whether connections to Kafka use TLS. For a private certificate authority set NODE_EXTRA_CA_CERTS.',
    allowed: 'true or false',
  }),
  KAFKA_SASL_MECHANISM: variable(z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(), {
    description: 'Kafka SASL mechanism. Unset: no authentication.',
    allowed: 'plain, scram-sha-256 or scram-sha-512, with KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD',
    ruledOut: (value, env) =>
      value !== undefined && !(isSet(env, 'KAFKA_SASL_USERNAME') && isSet(env, 'KAFKA_SASL_PASSWORD'))
        ? 'is set, and not both KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are'
        : null,
  }),
  KAFKA_SASL_USERNAME: variable(z.string().optional(), {
    description: 'Kafka SASL user name.',
    allowed: 'a name',
    secret: true,
  }),
  KAFKA_SASL_PASSWORD: variable(z.string().optional(), {
    description: 'Kafka SASL password.',
    allowed: 'a password',
    secret: true,
  }),
  KAFKA_PARTITIONS: variable(integer(1, 10_000).prefault('12'), {
    description: 'Partitions of the topics this system creates; existing topics are left unchanged.',
    allowed: 'a whole number from 1 to 10000',
  }),
  KAFKA_REPLICATION_FACTOR: variable(integer(1, 100).optional(), {
    description:
      'Replication factor of the topics this system creates. Unset: 3, or the number of brokers where there are fewer.',
    allowed: 'a whole number from 1 to 100, not above the number of brokers',
  }),
  KAFKA_RETENTION_MS: variable(integer(-1, 999_999_999_999_999).prefault('-1'), {
    description: 'How long events stay on the topics this system creates, in milliseconds; -1: forever.',
    allowed: '-1 or a whole number of milliseconds',
  }),
});

export type BusConfiguration = z.infer<typeof BUS_CONFIGURATION>;
