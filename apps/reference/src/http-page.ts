import {
  FILTER_OPERATORS,
  MAX_COMPARISONS,
  MAX_FILTER_DEPTH,
  MAX_FILTER_LENGTH,
  type FilterField,
} from '@allotree/contracts';

interface ListDocs {
  readonly id: string;
  readonly filters: Readonly<Record<string, FilterField>>;
  readonly orders: readonly string[];
}

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  /** Absent: everybody may. */
  readonly 'x-permission'?: string;
  readonly 'x-list'?: ListDocs;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses?: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly examples?: object }>> }>
  >;
}

/** The part of an OpenAPI document the page is made of. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const PROBLEM = 'application/problem+json';
const BASE = '/api/v1';

const titled = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const parameters = ({ parameters: all = [] }: Operation, place: string): string[] =>
  all.filter((parameter) => parameter.in === place).map(({ name }) => name);

/** What the page says once, above its tables. */
const SAID_ONCE: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'IDEMPOTENCY_KEY_IN_USE',
  'IDEMPOTENCY_KEY_REUSED',
  'RATE_LIMITED',
  'OVERLOADED',
  'UNAVAILABLE',
]);

const codesOf = ({ responses = {} }: Operation): string[] =>
  Object.values(responses)
    .flatMap(({ content }) => Object.keys(content?.[PROBLEM]?.examples ?? {}))
    .filter((code) => !SAID_ONCE.has(code));

const row = (path: string, method: string, operation: Operation): string => {
  const query = parameters(operation, 'query');
  const headers = parameters(operation, 'header');
  const cells = [
    `\`${method.toUpperCase()} ${path.replace(BASE, '')}\`${query.length === 0 ? '' : `<br>${query.map((name) => `\`?${name}\``).join(' ')}`}`,
    operation.summary ?? '',
    `\`${operation['x-permission'] ?? 'public'}\``,
    codesOf(operation)
      .map((code) => `\`${code}\``)
      .join(' '),
    headers.map((name) => `\`${name}\``).join(' '),
  ];
  return `| ${cells.join(' | ')} |`;
};

/** `docs/reference/openapi.json`: what the front door of several processes serves, each of which knows only its own routes. */
export const openApiFile = (document: OpenApi): string => `${JSON.stringify(document, null, 1)}\n`;

/** `docs/reference/http.md`, made from the OpenAPI document of a running system. */
export const httpPage = ({ paths }: OpenApi): string => {
  const rowsByTag = new Map<string, string[]>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = titled(operation.tags?.at(-1) ?? 'Other');
      rowsByTag.set(tag, [...(rowsByTag.get(tag) ?? []), row(path, method, operation)]);
    }
  }
  const sections = [...rowsByTag]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(
      ([tag, rows]) =>
        `## ${tag}\n\n| Route | What it does | Permission | Refusals | Headers |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`,
    );
  return `<!-- Made from a running system by \`npm run docs\`; a test compares the two. -->

# HTTP

JSON, camelCase, below \`${BASE}\`; the OpenAPI document of a running system, with every schema and an example each, is at
\`${BASE}/openapi.json\`. Outside it: \`GET /health/live\`, \`GET /health/ready\`, \`GET /metrics\`.

- **Sign in** with \`POST /auth/token\`, then send \`Authorization: Bearer <access_token>\`; go on with the \`refresh_token\`. See
  [Manage user accounts](../how-to/let-people-in.md).
- **Lists** are pages: \`?limit=\` (1 to 200) and \`?cursor=\` give \`{items, nextCursor}\`; ask on until \`nextCursor\` is \`null\`.
- **Filters, orders, fields**: lists take \`?filter=\`, \`?orderBy=\` and \`?fields=\`: see [Filters](filters.md).
- **Permissions** are held at partners and groups: [Permissions and roles](permissions.md). Resources you cannot access return 404, exactly like resources that do not exist.
- **Refusals** are [problem details](problem-codes.md) with a \`code\` and its facts. Besides those named, any route may answer \`RATE_LIMITED\`,
  \`OVERLOADED\` or \`UNAVAILABLE\`; one that is not public \`UNAUTHENTICATED\`, one with a permission \`FORBIDDEN\`, one with a body \`PAYLOAD_TOO_LARGE\` or
  \`UNSUPPORTED_MEDIA_TYPE\`, one with \`Idempotency-Key\` \`IDEMPOTENCY_KEY_IN_USE\` or \`IDEMPOTENCY_KEY_REUSED\`.
- **\`?dryRun=true\`** decides a command of the routes that name it, answers 200 with its events and effects, and records nothing. A query parameter that a route does
  not know is refused. **\`?cascade=true\`** takes from groups below what no
  longer fits.
- **\`Idempotency-Key\`**: a command repeated with the same key within 24 hours is carried out once and answered the same again. A refusal is not kept: the key
  may be tried again. The order of members in the body does not matter. After 24 hours a key is new.
- **\`ETag\` and \`If-Match\`**: an ETag is the revision of that very setting (a group's restriction, a group's name, a role, a template, the licenses of a project),
  else of the project or partner. A command that names older ones only is answered 412 \`STALE_REVISION\`; a list is accepted, weak tags match nothing.
- **Dates**: an instant with its offset, or a date, which is a day in the project's time zone; see [Time and terms](../explanation/time-and-terms.md).

${sections.join('\n')}`;
};

const filterRow = (name: string, { type, nullable, values = [] }: FilterField): string => {
  const kind = type === 'enum' ? values.map((value) => `\`"${value}"\``).join(' ') : type;
  return `| \`${name}\` | ${kind}${nullable ? ' or `null`' : ''} | \`${FILTER_OPERATORS[type].join(' ')}\` |`;
};

const listSection = (path: string, { id, filters, orders }: ListDocs): string =>
  `### GET ${path.replace(BASE, '')}

Orders: ${orders.map((order) => `\`${order}\``).join(', ')}. Always returned: \`${id}\`.

| Field | Type | Operators |
| --- | --- | --- |
${Object.entries(filters)
  .map(([name, field]) => filterRow(name, field))
  .join('\n')}
`;

/** `docs/reference/filters.md`, made from the same document. */
export const filtersPage = ({ paths }: OpenApi): string => {
  const sections = Object.entries(paths).flatMap(([path, { get }]) =>
    get?.['x-list'] === undefined ? [] : [listSection(path, get['x-list'])],
  );
  return `<!-- Made from a running system by \`npm run docs\`; a test compares the two. -->

# Filters

Lists take three query parameters besides those of their own; all of them together select the items. In the OpenAPI document they are in \`x-list\`.

## filter

A condition on the fields of an item, in a subset of [AIP-160](https://google.aip.dev/160):

\`\`\`text
status = "expired" AND NOT name : "unit"
(type = "unit" OR type = "apartment") AND externalId = null
validUntil >= "2026-12-01" AND validUntil < "2027-01-01"
\`\`\`

| Type | Values | Operators |
| --- | --- | --- |
| text | in double or single quotes; a backslash before a quote or a backslash | \`=\` and \`!=\` are exact, \`:\` finds a part in upper or lower case |
| one of several values | in quotes | \`= !=\` |
| integer | \`10\`, \`-1\` | \`= != < <= > >=\` |
| boolean | \`true\`, \`false\` | \`= !=\` |
| instant | a date and time with an offset (\`"2026-06-01T08:00:00Z"\`), compared to the millisecond, or a date (\`"2026-06-01"\`): the whole day in UTC, so \`<=\` includes it | \`= != < <= > >=\` |
| list | in quotes | \`:\` finds a list with exactly this element |
| \`null\` | \`null\`, for fields that can be \`null\` | \`= !=\` |

- \`AND\`, \`OR\` and \`NOT\` are written in capitals. \`AND\` and \`OR\` next to each other need parentheses.
- A comparison with a field that is \`null\` is false, with \`!=\` as well; \`NOT\` of it is true.
- A filter has at most ${MAX_FILTER_LENGTH} characters, ${MAX_COMPARISONS} comparisons and ${MAX_FILTER_DEPTH} levels. Encode it in the address: \`curl --get --data-urlencode\`.
- A fault is answered with 400 \`VALIDATION\`, its place in the filter, and the nearest name if a field or value is unknown.

## orderBy

A field, or a field and \`desc\`. Each list has orders that are fast however long the list is; another order is refused. \`null\` comes last, with \`desc\` first; names are
ordered as the database orders text. An order by the instant at which items were made is the order in which they were recorded, whatever the clock said.
A cursor belongs to its order, not to a filter.

## fields

Fields of each item to return, separated by commas, such as \`fields=name,status\`. The field that identifies an item is always returned.

## Lists

${sections.join('\n')}`;
};
