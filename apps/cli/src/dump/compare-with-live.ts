import { createHash } from 'node:crypto';
import type { Api } from '@allotree/api-client';
import canonicalize from 'canonicalize';
import type pg from 'pg';
import { queryOf } from '../references.js';
import type { Finding } from '../store/finding.js';

const PAGE = 1_000;

/** A published event, as the archive and the API have it. */
interface PublishedEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly sequence?: string | null;
  readonly data: unknown;
}

interface Page {
  readonly items: readonly PublishedEvent[];
  readonly nextCursor: string | null;
}

/** Of the canonical text, since the archive keeps data as jsonb, which orders members anew. */
const hashOf = ({ type, source, sequence, data }: PublishedEvent): string =>
  createHash('sha256')
    .update(canonicalize([type, source, sequence ?? null, data]) ?? '')
    .digest('hex');

async function subjectsOf(client: pg.Client, streams: readonly string[] | undefined): Promise<readonly string[]> {
  const { rows } = await client.query<{ subject: string }>(
    'SELECT DISTINCT subject FROM reporting.event ORDER BY subject',
  );
  if (streams === undefined) return rows.map(({ subject }) => subject);
  const chosen = new Set(streams.map((stream) => stream.slice(stream.indexOf('-') + 1)));
  return rows.map(({ subject }) => subject).filter((subject) => chosen.has(subject));
}

async function liveHashes(api: Api, subject: string, upTo: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  const open = new Set(upTo);
  for (let after: string | null | undefined; after !== null && open.size > 0;) {
    const page: Page = await api.get<Page>(`/events${queryOf({ subject, limit: PAGE, ...(after && { after }) })}`);
    for (const event of page.items) {
      hashes.set(event.id, hashOf(event));
      open.delete(event.id);
    }
    after = page.items.length < PAGE ? null : page.nextCursor;
  }
  return hashes;
}

/** Published events of the dump that the running system lacks, or has with other content. */
export async function liveFindings(
  client: pg.Client,
  api: Api,
  streams: readonly string[] | undefined,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const subject of await subjectsOf(client, streams)) {
    const { rows } = await client.query<PublishedEvent>(
      'SELECT id, type, source, sequence, data FROM reporting.event WHERE subject = $1',
      [subject],
    );
    const live = await liveHashes(api, subject, new Set(rows.map(({ id }) => id)));
    for (const row of rows.filter((each) => live.get(each.id) !== hashOf(each)))
      findings.push({
        stream: `${row.source} ${subject}`,
        eventId: row.id,
        code: 'LIVE_DIFFERS',
        message: live.has(row.id) ? 'the running system has it with other content' : 'the running system lacks it',
      });
  }
  return findings;
}
