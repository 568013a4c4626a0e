import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { redisAddress } from './redis-address.js';
import { brokerList } from '@allotree/bus';
import { origins, proxies } from '@allotree/http';

/** The documentation of a variable, in one place: the start-up check and the generated pages both read it. */
export interface VariableDocs {
  /** One or two sentences. */
  readonly description: string;
  /** The allowed values, in words: `a whole number from 1 to 65535`. */
  readonly allowed: string;
  /** The value is never shown, and can be given as a file: `<NAME>_FILE`. */
  readonly secret?: boolean;
  /** Another variable of the environment that rules out the value, in words. */
  readonly ruledOut?: (value: unknown, env: Environment) => string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const documented = new WeakMap<z.ZodType, VariableDocs>();

/** Attaches the documentation of a variable to its schema. The schema reads the string of the environment. */
export function variable<Schema extends z.ZodType>(schema: Schema, docs: VariableDocs): Schema {
  documented.set(schema, docs);
  return schema;
}

/** A whole number within bounds, from its decimal digits. */
export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

/** `true` or `false`. */
export const flag = () => z.enum(['true', 'false']).transform((value) => value === 'true');

const issuerRuledOut = (value: unknown, env: Environment): string | null => {
  if (value === undefined) return null;
  if (!env['OIDC_AUDIENCE']) return 'is set, and OIDC_AUDIENCE is not';
  const isPlain = typeof value === 'string' && value.startsWith('http:');
  return isPlain && env['NODE_ENV'] === 'production' ? 'begins with http://, and NODE_ENV is production' : null;
};
/** Set directly or as a file. */
const isSet = (env: Environment, name: string): boolean => Boolean(env[name]) || Boolean(env[`${name}_FILE`]);

const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });

/** The settings of every service. Services extend it: `SERVICE_CONFIGURATION.extend({ ... })`. */
export const SERVICE_CONFIGURATION = z.object({
  PORT: variable(integer(0, 65_535).prefault('8080'), {
    description: 'TCP port of the HTTP API; 0 takes any free one.',
    allowed: 'a whole number from 0 to 65535',
  }),
  HOST: variable(z.string().prefault('127.0.0.1'), {
    description: 'Address the HTTP API listens on; 0.0.0.0 accepts connections from other machines.',
    allowed: 'an IP address or host name of this machine',
  }),
  DATABASE_URL: variable(postgresUrl, {
    description:
      'The PostgreSQL database of the read models, the integration bus and, unless EVENT_STORE_URL is set, the events.',
    allowed: 'a URL such as postgres://user:password@host:5432/database',
    secret: true,
  }),
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
  DATABASE_POOL_SIZE: variable(integer(1, 200).prefault('10'), {
    description: 'Size of the database connection pool that HTTP and the bus share in one process.',
    allowed: 'a whole number from 1 to 200',
  }),
  LOG_LEVEL: variable(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).prefault('info'), {
    description:
      'The lowest severity that is logged. debug adds the reason of each refused request, and a line for every append, every batch of a projection or consumer, and every job.',
    allowed: 'fatal, error, warn, info, debug, trace or silent',
  }),
  BODY_LIMIT_BYTES: variable(integer(1_024, 104_857_600).prefault('1048576'), {
    description: 'The largest request body accepted.',
    allowed: 'a whole number from 1024 to 104857600',
  }),
  REQUEST_TIMEOUT_SECONDS: variable(integer(1, 3_600).prefault('60'), {
    description:
      'Time within which a whole request, including its body, must arrive. Slower requests are answered 408.',
    allowed: 'a whole number from 1 to 3600',
  }),
  METRICS_TOKEN: variable(z.string().min(16).optional(), {
    description:
      'Bearer token that GET /metrics requires. Unset: /metrics answers only where HOST is a loopback address, and 404 elsewhere.',
    allowed: 'at least 16 characters, random',
    secret: true,
  }),
  TRUSTED_PROXIES: variable(proxies.optional(), {
    description:
      'The proxies whose X-Forwarded-For header is trusted, so that failed sign-ins are counted per caller and not per proxy.',
    allowed: 'IP addresses, networks (10.0.0.0/8), loopback, linklocal or uniquelocal, separated by commas',
  }),
  CORS_ORIGINS: variable(origins.optional(), {
    description:
      'The origins whose pages may call the API from a browser. Unset: the API’s own origin only, which needs no permission.',
    allowed: 'origins separated by commas: https://console.example.com, https://intranet.example.com:8443',
  }),
  RATE_LIMIT_PER_CALLER: variable(integer(0, 10_000_000).prefault('6000'), {
    description: 'Requests that one user or API key can make per minute. Server administrators are not counted.',
    allowed: 'a whole number from 0 (no limit) to 10000000',
  }),
  RATE_LIMIT_PER_TENANT: variable(integer(0, 10_000_000).prefault('60000'), {
    description: 'Requests that all callers of one tenant together can make per minute.',
    allowed: 'a whole number from 0 (no limit) to 10000000',
  }),
  RATE_LIMIT_PER_ADDRESS: variable(integer(0, 10_000_000).prefault('600'), {
    description:
      'Requests without a sign-in that one IP address can make per minute; the address is that of the caller where TRUSTED_PROXIES names the proxies.',
    allowed: 'a whole number from 0 (no limit) to 10000000',
  }),
  TOKEN_SECRET: variable(z.string().min(32), {
    description:
      'The key that signs access tokens (HS256). Changing it ends every access token at once, unless the old key becomes TOKEN_SECRET_PREVIOUS.',
    allowed: 'at least 32 characters, random',
    secret: true,
  }),
  TOKEN_SECRET_PREVIOUS: variable(z.string().min(32).optional(), {
    description:
      'The previous TOKEN_SECRET: access tokens that it signed stay valid until they expire. Remove it one access token lifetime after the change.',
    allowed: 'at least 32 characters',
    secret: true,
  }),
  TOKEN_LIFETIME_SECONDS: variable(integer(60, 86_400).prefault('900'), {
    description: 'Lifetime of an access token; a session gets new ones with its refresh token.',
    allowed: 'a whole number from 60 to 86400 (a day)',
  }),
  OIDC_ISSUER: variable(z.url({ protocol: /^https?$/ }).optional(), {
    description:
      'Issuer URL of an OpenID provider whose tokens are accepted as well. Its keys are discovered at /.well-known/openid-configuration below it.',
    allowed: 'a URL such as https://id.example.com/realms/allotree, with https:// where NODE_ENV is production',
    ruledOut: (value, env) => issuerRuledOut(value, env),
  }),
  OIDC_AUDIENCE: variable(z.string().min(1).max(255).optional(), {
    description: 'The audience (aud) that tokens of the OpenID provider name when they are meant for Allotree.',
    allowed: '1 to 255 characters; set together with OIDC_ISSUER',
    ruledOut: (value, env) => (value !== undefined && !env['OIDC_ISSUER'] ? 'is set, and OIDC_ISSUER is not' : null),
  }),
  OIDC_ADMIN_SUBJECT: variable(z.string().min(1).max(255).optional(), {
    description:
      'The subject (sub) of the server administrator at OIDC_ISSUER. Unset: nobody is server administrator by OpenID; when the holder of ADMIN_EMAIL tries to sign in, the log names the subject.',
    allowed: '1 to 255 characters; only together with OIDC_ISSUER',
    ruledOut: (value, env) => (value !== undefined && !env['OIDC_ISSUER'] ? 'is set, and OIDC_ISSUER is not' : null),
  }),
  LOCAL_ACCOUNTS: variable(flag().prefault('true'), {
    description:
      'Whether people can sign in with a local password. With false only tokens of OIDC_ISSUER and API keys are accepted.',
    allowed: 'true or false; false only together with OIDC_ISSUER',
    ruledOut: (value, env) =>
      value === false && !env['OIDC_ISSUER'] ? 'is false, and OIDC_ISSUER is not set: nobody could sign in' : null,
  }),
  ADMIN_EMAIL: variable(
    z
      .string()
      .regex(/^[^\s@]+@[^\s@]+$/)
      .prefault('admin@allotree.local'),
    {
      description: 'The e-mail address the server administrator signs in with.',
      allowed: 'an e-mail address',
    },
  ),
  ADMIN_PASSWORD_HASH: variable(z.string().regex(/^\$argon2id\$/), {
    description: "The Argon2id hash of the server administrator's password.",
    allowed: 'an Argon2id hash in PHC form ($argon2id$v=19$...)',
    secret: true,
  }),
  IDEMPOTENCY_LEASE_SECONDS: variable(integer(1, 3_600).prefault('30'), {
    description:
      'Time without a heartbeat after which a request with an idempotency key counts as lost, so that a retry can run.',
    allowed: 'a whole number from 1 to 3600',
  }),
  REDIS_URL: variable(
    z
      .string()
      .refine((url) => redisAddress(url) !== null)
      .optional(),
    {
      description: 'The Redis of the job queues. Unset: the queues are in the PostgreSQL database, in the schema jobs.',
      allowed:
        'a URL such as redis://user:password@host:6379/0, redis+sentinel://:password@host:26379,host:26379/master/0 or ' +
        'redis+cluster://host:6379,host:6379; over TLS with rediss',
      secret: true,
    },
  ),
  SHUTDOWN_DELAY_MS: variable(integer(0, 300_000).prefault('0'), {
    description:
      'How long a stopping process still answers requests while it reports that it is not ready, so that load balancers stop sending requests first, in milliseconds.',
    allowed: 'a whole number from 0 to 300000',
  }),
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

export type ServiceConfiguration = z.infer<typeof SERVICE_CONFIGURATION>;

export interface ConfigurationFault {
  readonly variable: string;
  /** The problem, without the value of a secret. */
  readonly problem: string;
  /** The allowed values. */
  readonly allowed: string;
}

/** Names every invalid variable, the problem, and the allowed values. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly faults: readonly ConfigurationFault[]) {
    super(
      [
        faults.length === 1
          ? 'A configuration variable is wrong:'
          : `${faults.length} configuration variables are wrong:`,
        ...faults.map((fault) => `  ${fault.variable} ${fault.problem}. It must be ${fault.allowed}.`),
      ].join('\n'),
    );
  }
}

/**
 * The typed values of a configuration. An empty variable, or an empty file, counts as not set. A secret can be given as a file instead,
 * named by `<NAME>_FILE`.
 * @throws ConfigurationError with all problems at once
 */
export function loadConfiguration<Shape extends z.ZodObject>(shape: Shape, env: Environment): z.infer<Shape> {
  const faults: ConfigurationFault[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shape.shape)) {
    const docs = docsOf(schema as z.ZodType);
    const given = valueOf(name, docs, env);
    if ('problem' in given) {
      faults.push({ variable: name, problem: given.problem, allowed: docs.allowed });
      continue;
    }
    const result = (schema as z.ZodType).safeParse(given.value);
    const ruledOut = result.success ? (docs.ruledOut?.(result.data, env) ?? null) : null;
    if (ruledOut !== null) faults.push({ variable: name, problem: ruledOut, allowed: docs.allowed });
    else if (result.success) values[name] = result.data;
    else faults.push({ variable: name, problem: problemOf(name, given.value, docs), allowed: docs.allowed });
  }
  if (faults.length > 0) throw new ConfigurationError(faults);
  return values as z.infer<Shape>;
}

function problemOf(name: string, value: string | undefined, docs: VariableDocs): string {
  if (value === undefined) return docs.secret === true ? `is not set (nor is ${name}_FILE)` : 'is not set';
  return docs.secret === true ? 'has a value that does not fit (not shown)' : `is ${JSON.stringify(value)}`;
}

function valueOf(
  name: string,
  docs: VariableDocs,
  env: Environment,
): { value: string | undefined } | { problem: string } {
  const value = env[name] === '' ? undefined : env[name];
  const file = docs.secret === true ? env[`${name}_FILE`] : undefined;
  if (file === undefined || file === '') return { value };
  if (value !== undefined) return { problem: `is set, and ${name}_FILE too: keep one` };
  try {
    return { value: readFileSync(file, 'utf8').replace(/\r?\n$/, '') || undefined };
  } catch (error) {
    return {
      problem: `cannot be read from ${name}_FILE (${file}): ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`,
    };
  }
}

const docsOf = (schema: z.ZodType): VariableDocs =>
  documented.get(schema) ?? { description: '', allowed: 'a value of its kind' };

export interface ConfigurationRow extends VariableDocs {
  readonly name: string;
  readonly required: boolean;
  /** As written in the environment; `null`: none. */
  readonly default: string | null;
}

/** One row for every variable: the source of the configuration reference. */
export function describeConfiguration(shape: z.ZodObject): readonly ConfigurationRow[] {
  return Object.entries(shape.shape).map(([name, schema]) => ({
    name,
    ...docsOf(schema as z.ZodType),
    required: !(schema as z.ZodType).safeParse(undefined).success,
    default: defaultOf(schema as z.ZodType),
  }));
}

function defaultOf(schema: z.ZodType): string | null {
  const definition = schema.def as { type: string; defaultValue?: unknown };
  return definition.type === 'prefault' || definition.type === 'default' ? String(definition.defaultValue) : null;
}
