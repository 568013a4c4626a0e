import * as domain from '@allotree/domain';
import {
  ACCOUNT_MAILS_QUEUE,
  BILLING_EVENTS,
  BILLING_TOPIC,
  deadLetterTopic,
  eventSchema,
  GROUPS_EVENTS,
  GROUPS_TOPIC,
  LICENSE_EXPIRY_QUEUE,
  LICENSING_EVENTS,
  LICENSING_TOPIC,
  PERMISSION_NAMES,
  PERMISSIONS,
  PROBLEMS,
  problemType,
  ROLES,
  TOPICS,
  type ProblemCode,
} from '@allotree/contracts';
import * as license from '@allotree/license-service/consumer-groups';
import * as notification from '@allotree/notification-service/consumer-groups';
import * as reporting from '@allotree/reporting-service/consumer-groups';
import { FUNCTIONS, VIEWS } from '@allotree/reporting-service/sql';
import { describeConfiguration } from '@allotree/basics/configuration';
import { describeMetrics } from '@allotree/service/metrics';
import { z } from 'zod';
import { cliReference } from '@allotree/cli/reference';
import { STANDALONE_CONFIGURATION } from '@allotree/standalone/configuration';
import { projectFileSchema } from '@allotree/project-file';

/** The pages of the documentation that are generated from the code, by their path in the repository. `npm run docs` writes them. */
export const referencePages = (): ReadonlyMap<string, string> =>
  new Map([
    ['examples/project.schema.json', `${JSON.stringify(projectFileSchema(), null, 2)}\n`],
    ['docs/reference/cli.md', `${NOTE}\n\n${cliReference()}\n`],
    ['docs/reference/configuration.md', configurationPage()],
    ['docs/reference/events.md', eventsPage()],
    ['docs/reference/metrics.md', metricsPage()],
    ['docs/reference/names.md', namesPage()],
    ['docs/reference/permissions.md', permissionsPage()],
    ['docs/reference/problem-codes.md', problemsPage()],
    ['docs/reference/sql.md', sqlPage()],
    ...eventSchemaFiles(),
  ]);

/** For readers in any language. */
const eventSchemaFiles = (): [string, string][] =>
  Object.entries({ ...GROUPS_EVENTS, ...LICENSING_EVENTS, ...BILLING_EVENTS }).map(([type, data]) => [
    `docs/reference/event-schemas/${type}.json`,
    `${JSON.stringify(eventSchema(type, data), null, 2)}\n`,
  ]);

const NOTE = '<!-- Generated from the code by `npm run docs`; a test compares the two. -->';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

const sqlPage = (): string => {
  const views = VIEWS.map(({ name, comment, columns }) =>
    [
      `### ${name}`,
      comment,
      table(
        ['column', 'meaning'],
        columns.map((each) => [`\`${each.name}\``, each.comment]),
      ),
    ].join('\n\n'),
  );
  const functions = FUNCTIONS.map(({ name, parameters, comment, returns }) =>
    [
      `### ${name}`,
      `\`${name}(${parameters})\``,
      comment,
      table(
        ['column', 'type', 'meaning'],
        returns.map((each) => [`\`${each.name}\``, `\`${each.type}\``, each.comment]),
      ),
    ].join('\n\n'),
  );
  return `${NOTE}

# SQL

The schema \`analysis\` of the database of the reporting service, for people who ask in SQL: [Ask about the past in SQL](../how-to/ask-in-sql.md).
A login sees the rows of its tenant. Every view and column has its text as a comment, too (\`\\d+\` in psql).

Rows of versions are in force from \`from_at\` until \`until_at\`, not included. Instants are \`timestamptz\`, periods half-open, units whole numbers.

## Views

${views.join('\n\n')}

## Functions

${functions.join('\n\n')}
`;
};

const configurationPage = (): string => {
  const rows = describeConfiguration(STANDALONE_CONFIGURATION).map(
    ({ name, description, allowed, default: usual, secret }) => [
      `\`${name}\``,
      usual === null ? '' : `\`${usual}\``,
      `${description}${secret === true ? ` Also as a file: \`${name}_FILE\`.` : ''}`,
      allowed,
    ],
  );
  return `${NOTE}

# Configuration

All settings are environment variables, checked at start; an invalid one is reported with its allowed values. An empty variable
is treated as unset. \`npm start\` generates missing secrets and keeps them in \`DATA_DIR\`.

${table(['Variable', 'Default', 'Description', 'Allowed'], rows)}

Tests use three more, for servers to use instead of starting their own: \`ALLOTREE_TEST_DATABASE_URL\` (a PostgreSQL superuser's),
\`ALLOTREE_TEST_KAFKA_BROKERS\` and \`ALLOTREE_TEST_REDIS_URL\`.
`;
};

const metricsPage = (): string => {
  const rows = [...describeMetrics()]
    .sort((one, other) => one.name.localeCompare(other.name))
    .map(({ name, type, help, labels }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(' '),
      help,
    ]);
  return `${NOTE}

# Metrics

\`GET /metrics\` of each process, for Prometheus; outside the API, with the bearer token \`METRICS_TOKEN\`; if that is unset, only on loopback. Every sample carries \`service\`, the name of the
process. Node's own metrics are included (\`process_*\`, \`nodejs_*\`).

${table(['Metric', 'Kind', 'Labels', 'Description'], rows)}

- Several replicas: counters and histograms add up; \`subscription_behind_events\` is reported by the replica that runs the subscription, and
  \`sum by (lease) (lease_held)\` is 1, or 0 for the seconds of a failover. \`jobs\`, \`due_rows_waiting\` and \`bus_consumer_lag\` are the same
  on every replica: use \`max\`.
- Worth an alert: \`lease_held\` summed to 0 for a minute, \`subscription_failures_total\` rising, \`subscription_behind_events\` or
  \`due_rows_waiting\` not coming down, \`bus_dead_letters_total\` rising, \`jobs{state="failed"}\` above 0.
`;
};

/** Every aggregate that the domain exports has streams of its category. */
const categories = (): string[] =>
  Object.values(domain).flatMap((exported: unknown) =>
    typeof exported === 'object' && exported !== null && 'category' in exported && typeof exported.category === 'string'
      ? [exported.category]
      : [],
  );

/** Who reads which topics, as a consumer group of its own. */
const CONSUMER_GROUPS: readonly (readonly [group: string, service: string])[] = [
  [license.CONSUMER_GROUP, 'license-service'],
  [license.ACCESS_GROUP, 'license-service'],
  [notification.CONSUMER_GROUP, 'notification-service'],
  [notification.ACCESS_GROUP, 'notification-service'],
  [notification.WEBHOOKS_GROUP, 'notification-service'],
  [reporting.CONSUMER_GROUP, 'reporting-service'],
  [reporting.ACCESS_GROUP, 'reporting-service'],
];

const namesPage = (): string => {
  const code = (name: string): string => `\`${name}\``;
  return `${NOTE}

# Names for access lists

Names for operators who grant access name by name in EventStoreDB, Kafka, Redis and firewalls.

## Streams of the event store

Each service reads and writes these, and reads \`$all\`. The last one identifies the store.

${table(
  ['Streams'],
  [
    ...categories()
      .sort()
      .map((category) => [code(`${category}-*`)]),
    [code('allotree_store-identity')],
  ],
)}

## Topics on Kafka

The group service publishes the topics of groups, the license service those of licensing, the reporting service that of billing, each under the
transactional id \`<KAFKA_CLIENT_ID>.<topic>\`. Only the reporting service reads the topics of history. A consumer writes what it cannot handle to the topic for dead letters.

${table(
  ['Topic', 'Dead letters'],
  TOPICS.map((topic) => [code(topic), code(deadLetterTopic(topic))]),
)}

## Consumer groups on Kafka

${table(
  ['Group', 'Service'],
  CONSUMER_GROUPS.map(([group, service]) => [code(group), service]),
)}

## Job queues

BullMQ, in PostgreSQL or Redis.

${table(
  ['Queue'],
  [LICENSE_EXPIRY_QUEUE, ACCOUNT_MAILS_QUEUE].map((queue) => [code(queue)]),
)}
`;
};

const problemsPage = (): string => {
  const rows = Object.entries(PROBLEMS).map(([code, { status, title }]) => [
    `\`${code}\``,
    String(status),
    title,
    `\`${problemType(code as ProblemCode)}\``,
  ]);
  return `${NOTE}

# Problem codes

Every refusal and every error is answered as RFC 9457 problem details (\`application/problem+json\`): \`type\`, \`title\`, \`status\`,
\`detail\`, \`instance\`, \`code\`, \`correlationId\`, and the facts of the code beside them. \`VALIDATION\` lists the fields in \`errors\`.
Refusals about limits, terms and features of groups have \`why\`, the path below \`/api/v1\` at which the limits, terms and events behind the
decision are explained ([Ask about the past](../how-to/ask-about-the-past.md)); the items of a batch have their own.

${table(['code', 'Status', 'Title', 'type'], rows)}

The rule behind a code and where it is decided: [CONTRIBUTING.md](../../CONTRIBUTING.md#find-the-rule-behind-a-refusal).
`;
};

const permissionsPage = (): string => {
  const roles = Object.entries(ROLES);
  const rows = PERMISSION_NAMES.map((permission) => [
    `\`${permission}\``,
    PERMISSIONS[permission],
    ...roles.map(([, permissions]) => (permissions.includes(permission) ? 'x' : '')),
  ]);
  return `${NOTE}

# Permissions and roles

A role is held at a partner or a group, and counts there and everywhere below: [Who may do what](../explanation/who-may-do-what.md). A tenant can define
further roles from the same permissions (\`POST /roles\`); a permission to manage includes the one to read. The permission that a route requires is listed in
[HTTP](http.md), and in the OpenAPI document as \`x-permission\`.

${table(['Permission', 'Permits', ...roles.map(([role]) => `\`${role}\``)], rows)}
`;
};

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

const choiceText = ({ enum: members, const: constant }: JsonSchema): string | null => {
  if (members) return members.map((member) => `\`${String(member)}\``).join(' or ');
  return constant === undefined ? null : `\`${JSON.stringify(constant)}\``;
};

const partsText = (properties: NonNullable<JsonSchema['properties']>): string =>
  `{ ${Object.entries(properties)
    .map(([name, schema]) => `${name}: ${typeText(schema)}`)
    .join(', ')} }`;

const typeText = (schema: JsonSchema): string => {
  const choice = choiceText(schema);
  if (choice !== null) return choice;
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms) return forms.map(typeText).join(' or ');
  if (schema.type === 'array') return `list of ${typeText(schema.items ?? {})}`;
  if (schema.properties) return partsText(schema.properties);
  return schema.type ?? 'anything';
};

const eventRows = (events: Readonly<Record<string, z.ZodType>>): string[][] =>
  Object.entries(events).map(([type, data]) => {
    const { properties = {} } = z.toJSONSchema(data, { unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
    const fields = Object.entries(properties).map(([name, schema]) => `${name}: ${typeText(schema)}`);
    return [`\`${type}\``, fields.join('<br>')];
  });

const eventsPage = (): string => `${NOTE}

# Integration events

Events for the other services and for external consumers. They are CloudEvents 1.0 with the extension attributes \`tenantid\`,
\`correlationid\`, \`causationid\`, \`actor\` and \`sequence\`. \`subject\` is the project or partner the event is about and the key of the
message: order is kept per key. \`sequence\` (16 digits) grows with every event of a source and subject: of two events the one with the
greater is the later. Delivery is at least once: an event can come again, even after later ones; know it by its \`id\`, or by \`sequence\`.
\`time\` is the instant the decision holds for, in every service; recording and publishing come later. An attribute that is null here is absent
on Kafka.

**On Kafka** events are in the binary mode of the CloudEvents binding: the data is the message's value (JSON), \`datacontenttype\` the header
\`content-type\`, and every other attribute a header \`ce_<name>\`. Consumers of this system read the structured mode
(\`content-type: application/cloudevents+json\`) as well. The partition follows from the key as with the Java clients (murmur2). Events are
published in transactions: read with \`isolation.level=read_committed\`. Topics are created where they are missing (\`KAFKA_PARTITIONS\`,
\`KAFKA_REPLICATION_FACTOR\`, \`KAFKA_RETENTION_MS\`); existing ones are unchanged. Topics, groups and
transactional ids: [Names for access lists](names.md).

**Without Kafka** they are rows of the table \`bus.message\` in PostgreSQL, \`payload\` being the structured mode.

**Over HTTP** every event since the first one is pulled from \`GET /events\`: [Pull every event](../how-to/pull-every-event.md).

**As webhooks** they are sent to a URL of yours: [Receive webhooks](../how-to/receive-webhooks.md).

**Dead letters.** A message that keeps failing goes to \`<topic>.dlq\`: on Kafka as it was, with the headers \`dlq-letter\` (its id), \`dlq-group\`
(who failed), \`dlq-error\`, \`dlq-attempts\` (0: it is no event of this system) and \`dlq-time\`; in PostgreSQL as the event with the attributes
\`dlqgroup\`, \`dlqerror\`, \`dlqattempts\` and \`dlqtime\`. An event with the attribute \`onlyfor\` was handed back to the group it names; all
others ignore it. See [Handle dead letters](../how-to/dead-letters.md).

## ${GROUPS_TOPIC}

Published by the group service.

${table(['type', 'data'], eventRows(GROUPS_EVENTS))}

## ${LICENSING_TOPIC}

Published by the license service, for billing, reporting and other consumers.

\`at\` repeats \`time\` in the data. \`path\` lists the ids of the groups from the root to the group of an assignment, as the tree was when the event
happened. \`allotree.restriction-changed.v1\` has the whole Licenses section of a group, whether a request, a batch, a cascade or a transfer of
units changed it: one event for each group. \`place\` is the highest place from which the caller held the permission; null where it was not recorded. Events published before 0.3.0 have neither \`at\` nor \`path\`. A list of assignments is split into events of at most 1,000 assignments
and below 1 MB.

${table(['type', 'data'], eventRows(LICENSING_EVENTS))}

## ${BILLING_TOPIC}

Published by the reporting service: what sellers bill buyers. The subject is the buyer, a partner or project. The lines of a document are in
\`GET /statements/{documentId}\`.

${table(['type', 'data'], eventRows(BILLING_EVENTS))}
`;
