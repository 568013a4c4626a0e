interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  /** Absent: everybody may. */
  readonly 'x-permission'?: string;
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
