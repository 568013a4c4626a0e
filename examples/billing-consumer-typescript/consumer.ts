/**
 * Reads the use of every project from the integration events and measures each billing period from them alone, to the last unit-millisecond.
 * See README.md.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { Kafka } from 'kafkajs';
import pg from 'pg';

const USE: Readonly<Record<string, number>> = {
  'allotree.assignment-made.v1': 1,
  'allotree.assignments-made.v1': 1,
  'allotree.assignments-reinstated.v1': 1,
  'allotree.assignments-suspended.v1': 0,
  'allotree.assignments-released.v1': 0,
};
const CLOSED = 'allotree.usage-period-closed.v1';
const TOPIC = 'licensing.events.v1';

interface Assignment {
  readonly assignmentId: string;
  readonly resource: string;
}
interface Data extends Assignment {
  readonly projectId: string;
  readonly assignments?: readonly Assignment[];
  readonly from: string;
  readonly until: string;
  readonly totals: Readonly<Record<string, { readonly unitMs: string }>>;
}
/** A CloudEvent; unknown types and fields are skipped. */
interface Event {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly sequence?: string;
  readonly data: Data;
}
interface Period {
  readonly project: string;
  readonly from_at: Date;
  readonly until_at: Date;
  readonly totals: Data['totals'];
}

const TABLES = `
  CREATE SCHEMA IF NOT EXISTS billing_example;
  SET search_path TO billing_example;
  CREATE TABLE IF NOT EXISTS place (feed text PRIMARY KEY, position text NOT NULL);
  CREATE TABLE IF NOT EXISTS seen (source text, id text, PRIMARY KEY (source, id));
  CREATE TABLE IF NOT EXISTS change (project text, sequence text, assignment text, resource text, at timestamptz,
    in_use integer, PRIMARY KEY (project, sequence, assignment));
  CREATE TABLE IF NOT EXISTS period (project text, from_at timestamptz, until_at timestamptz, totals jsonb,
    PRIMARY KEY (project, from_at));`;

const db = new pg.Client(process.env['DATABASE_URL']);

/** The effects of events and the place after them, together or not at all: after a crash nothing is missing or counted twice. */
async function handle(events: readonly Event[], feed: string, position: string): Promise<void> {
  const lines: string[] = [];
  await db.query('BEGIN');
  try {
    for (const event of events) lines.push(...(await apply(event)));
    const place = 'INSERT INTO place VALUES ($1, $2) ON CONFLICT (feed) DO UPDATE SET position = $2';
    await db.query(place, [feed, position]);
    await db.query('COMMIT');
  } catch (error) {
    await db.query('ROLLBACK');
    throw error;
  }
  // Only what is committed is printed.
  for (const line of lines) process.stdout.write(`${line}\n`);
}

const placeIn = async (feed: string): Promise<string | undefined> =>
  (await db.query<{ position: string }>('SELECT position FROM place WHERE feed = $1', [feed])).rows[0]?.position;

/** @returns what is to be printed */
async function apply({ source, id, type, subject, time, sequence = '', data }: Event): Promise<readonly string[]> {
  if (!Object.hasOwn(USE, type) && type !== CLOSED) return [];
  const { rowCount } = await db.query('INSERT INTO seen VALUES ($1, $2) ON CONFLICT DO NOTHING', [source, id]);
  if (rowCount === 0) return [];
  if (type === CLOSED) {
    const values = [subject, data.from, data.until, JSON.stringify(data.totals)];
    await db.query('INSERT INTO period VALUES ($1, $2, $3, $4)', values);
    return report({
      project: subject,
      from_at: new Date(data.from),
      until_at: new Date(data.until),
      totals: data.totals,
    });
  }
  for (const { assignmentId, resource } of data.assignments ?? [data]) {
    const values = [subject, sequence, assignmentId, resource, time, USE[type]];
    await db.query('INSERT INTO change VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING', values);
  }
  // An event that comes late takes its place by its sequence, and periods that were measured without it are measured again.
  const late = await db.query<Period>('SELECT * FROM period WHERE project = $1 AND until_at > $2', [subject, time]);
  const reports: string[] = [];
  for (const period of late.rows) reports.push(...(await report(period)));
  return reports;
}

/** The units in use over a period, from the changes alone, beside the totals of the event that closed it. */
async function report({ project, from_at, until_at, totals }: Period): Promise<readonly string[]> {
  const lines: string[] = [];
  const [from, until] = [from_at.getTime(), until_at.getTime()];
  for (const [resource, { unitMs: expected }] of Object.entries(totals).sort()) {
    const { rows } = await db.query<{ assignment: string; at: Date; in_use: number }>(
      `SELECT assignment, at, in_use FROM change WHERE project = $1 AND resource = $2 AND at < $3 ORDER BY sequence`,
      [project, resource, until_at],
    );
    const inUse = new Map<string, number>();
    let [units, unitMs, last] = [0, 0n, from];
    for (const { assignment, at, in_use } of rows) {
      const now = Math.max(at.getTime(), from);
      unitMs += BigInt(units) * BigInt(now - last);
      last = now;
      units += in_use - (inUse.get(assignment) ?? 0);
      inUse.set(assignment, in_use);
    }
    unitMs += BigInt(units) * BigInt(until - last);
    const verdict = String(unitMs) === expected ? 'equal' : `DIFFERENT: ${expected}`;
    const quantity = quantityOf(unitMs, BigInt(until - from));
    const span = `${from_at.toISOString()} ${until_at.toISOString()}`;
    lines.push(`${project} ${span} ${resource} ${unitMs} ${quantity} ${verdict}`);
  }
  return lines;
}

/** Units over the whole period, as a decimal number with six places, half even. */
function quantityOf(unitMs: bigint, periodMs: bigint): string {
  const [scaled, rest] = [(unitMs * 1_000_000n) / periodMs, ((unitMs * 1_000_000n) % periodMs) * 2n];
  const millionths = rest > periodMs || (rest === periodMs && scaled % 2n === 1n) ? scaled + 1n : scaled;
  return `${millionths / 1_000_000n}.${String(millionths % 1_000_000n).padStart(6, '0')}`;
}

/** `GET /events`, waiting for what comes next. `once`: ends after the last event. */
async function pull(once: boolean): Promise<void> {
  const { API_URL: api = '', API_KEY_ID: client_id, API_KEY_SECRET: client_secret } = process.env;
  const signIn = async (): Promise<string> => {
    const body = JSON.stringify({ grant_type: 'client_credentials', client_id, client_secret });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${api}/auth/token`, { method: 'POST', headers, body });
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  for (let token = await signIn(); ;) {
    const after = await placeIn('pull');
    const query = new URLSearchParams({ limit: '1000', types: [...Object.keys(USE), CLOSED].join(',') });
    if (after !== undefined) query.set('after', after);
    if (!once) query.set('wait', '30');
    const answer = await fetch(`${api}/events?${query.toString()}`, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status === 401) token = await signIn();
    if (answer.status === 401) continue;
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    const page = (await answer.json()) as { items: Event[]; next: string; hasMore: boolean };
    await handle(page.items, 'pull', page.next);
    if (once && !page.hasMore) return;
  }
}

/** The topic, in the binary mode: attributes are headers `ce_<name>`. What is committed here counts, not the offsets of the group. */
async function kafka(): Promise<void> {
  const client = new Kafka({ brokers: (process.env['KAFKA_BROKERS'] ?? '').split(','), logLevel: 1 });
  const groupId = process.env['KAFKA_GROUP'] ?? 'billing-consumer-typescript';
  // One that takes over from a killed one waits this long.
  const consumer = client.consumer({ groupId, sessionTimeout: 10_000 });
  const feedOf = (partition: number): string => `${TOPIC} ${partition}`;
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message: { headers = {}, value, offset } }) => {
      const attributes = Object.entries(headers).map(([name, text]) => [name.replace(/^ce_/, ''), String(text)]);
      const data = JSON.parse(String(value)) as Data;
      const event = { ...Object.fromEntries(attributes), data } as Event;
      await handle([event], feedOf(partition), String(BigInt(offset) + 1n));
    },
  });
  const partitions = await client.admin().fetchTopicOffsets(TOPIC);
  for (const { partition } of partitions) {
    const offset = await placeIn(feedOf(partition));
    if (offset !== undefined) consumer.seek({ topic: TOPIC, partition, offset });
  }
}

const MAX_AGE_SECONDS = 300;
const MAX_BYTES = 16_000_000;

/** Whether a webhook was signed with the secret of the endpoint, not long ago (Standard Webhooks, `v1`). */
function isGenuine(headers: IncomingHttpHeaders, body: Buffer, key: Buffer): boolean {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) =>
    String(headers[`webhook-${name}`]),
  );
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) < MAX_AGE_SECONDS)) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures!.split(' ').some((signature) => {
    const given = Buffer.from(signature.startsWith('v1,') ? signature.slice(3) : '', 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Receives webhooks. 204 says that the effects of an event are committed; without it, the event is sent again. */
function webhooks(): void {
  const { WEBHOOK_SECRET = '', PORT = '8090', HOST = '127.0.0.1' } = process.env;
  const key = Buffer.from(WEBHOOK_SECRET.replace('whsec_', ''), 'base64');
  if (key.length === 0) throw new Error('WEBHOOK_SECRET is missing');
  let last: Promise<unknown> = Promise.resolve();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if ((bytes += chunk.length) > MAX_BYTES) request.destroy();
    });
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const answer = (status: number): void => void response.writeHead(status).end();
      if (!isGenuine(request.headers, body, key)) return answer(401);
      const event = JSON.parse(body.toString()) as Event;
      // Events of several subjects come at a time: one transaction after the other.
      last = last
        .then(() => handle([event], 'webhooks', event.id))
        .then(
          () => answer(204),
          () => answer(500),
        );
    });
  });
  server.listen(Number(PORT), HOST);
}

await db.connect();
await db.query(TABLES);
if (process.argv[2] === 'kafka') await kafka();
else if (process.argv[2] === 'webhooks') webhooks();
else {
  await pull(process.argv.includes('--once'));
  await db.end();
}
