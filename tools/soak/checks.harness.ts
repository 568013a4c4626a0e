import { setTimeout as delay } from 'node:timers/promises';
import { endedCheck } from '@allotree/testing';
import pg from 'pg';
import type { Client } from './client.harness.js';
import type { Clock, Cluster } from './faults.harness.js';
import type { Sampler } from './sampler.harness.js';
import type { Sink } from './sink.harness.js';
import type { Project, Workload } from './workload.harness.js';

const SETTLE_SECONDS = 900;
const LOOK_MS = 3_000;
/** After its end, an allotment is due at every service. */
const ENDED_MS = 5_000;
const SERVICES = ['group-service', 'license-service', 'reporting-service'];
const WEBHOOK_TYPES = ['allotree.assignment-made.v1', 'allotree.assignments-released.v1'];
/** Rows that are built from the events alone. */
const REBUILT: Readonly<Record<string, readonly string[]>> = {
  'license-service': ['license', 'license_group', 'history_entry', 'usage_period'].map((table) => `licensing.${table}`),
  'group-service': ['partner', 'project', 'group_node', 'member', 'device'].map((table) => `groups.${table}`),
};

export { WEBHOOK_TYPES };

/** A comparison, and its differences. */
export interface Check {
  readonly name: string;
  readonly compared: number;
  readonly faults: readonly string[];
}

interface Parts {
  readonly cluster: Cluster;
  readonly client: Client;
  readonly workload: Workload;
  readonly sampler: Sampler;
  readonly sink: Sink;
  readonly clock: Clock;
}

/** Compares what was acknowledged with what is stored, once nothing is in progress any more. */
export class Checks {
  constructor(private readonly parts: Parts) {}

  /** @returns the seconds that it took; `null`: something was still in progress after a quarter of an hour */
  async settle(say: (line: string) => void): Promise<number | null> {
    const began = performance.now();
    for (;;) {
      const open = await this.open().catch((error: unknown) => [(error as Error).message]);
      const seconds = Math.round((performance.now() - began) / 1_000);
      if (open.length === 0) return seconds;
      say(`still in progress: ${open.join(', ')}`);
      if (seconds > SETTLE_SECONDS) return null;
      await delay(LOOK_MS);
    }
  }

  async all(): Promise<Check[]> {
    const { answers, internalErrors } = this.parts.client;
    return [
      await this.assignments(),
      await this.settings(),
      await this.published(),
      await this.mails(),
      await this.webhooks(),
      await this.pastAgrees(),
      await this.rebuilt(),
      {
        name: 'no answer is an internal error',
        compared: [...answers.values()].reduce((sum, each) => sum + each, 0),
        faults: internalErrors,
      },
      {
        name: 'every refusal has a reason',
        compared: this.parts.workload.started,
        faults: this.parts.workload.unexpected,
      },
    ];
  }

  /** Work that is not finished. */
  private async open(): Promise<string[]> {
    const { client, sampler } = this.parts;
    const open: string[] = [];
    for (const service of SERVICES) {
      const path = `/${service}/projections`;
      const { items } = await client.must<{ items: { name: string; behind: number }[] }>({ method: 'GET', path });
      for (const { name, behind } of items) if (behind > 0) open.push(`${service} ${name}: ${behind} events`);
    }
    const { busLag, jobsWaiting, jobsFailed, dueRowsWaiting, deadLetters } = await sampler.take(0);
    for (const [name, value] of Object.entries({ busLag, jobsWaiting, jobsFailed, dueRowsWaiting, deadLetters }))
      if (value > 0) open.push(`${name} ${value}`);
    const rows = await this.query<{ what: string; count: number }>(
      `SELECT 'mails' AS what, count(*)::integer FROM notifications.mail WHERE status NOT IN ('sent', 'obsolete')
       UNION ALL SELECT 'notices', count(*)::integer FROM notifications.notice WHERE state = 'new'
       UNION ALL SELECT 'webhooks', count(*)::integer FROM notifications.webhook_delivery WHERE status <> 'delivered'`,
    );
    for (const { what, count } of rows) if (count > 0) open.push(`${what} ${count}`);
    // A later end would change tables while they are compared.
    const { workload, clock } = this.parts;
    const isToCome = (end: string): boolean => Date.parse(end) + ENDED_MS > clock.now();
    const toCome = workload.projects.flatMap(({ ends }) => ends.filter(isToCome)).length;
    if (toCome > 0) open.push(`ends to come ${toCome}`);
    return open;
  }

  private async assignments(): Promise<Check> {
    const faults: string[] = [];
    let compared = 0;
    for (const { projectId, apartments } of this.parts.workload.projects)
      for (const { groupId, assigned } of apartments) {
        const items = await this.parts.client.list<{ assignmentId: string }>(
          `/projects/${projectId}/groups/${groupId}/assignments`,
        );
        const stored = new Set(items.map(({ assignmentId }) => assignmentId));
        compared += stored.size;
        faults.push(...differences(`assignments of ${groupId}`, assigned, stored));
      }
    return { name: 'acknowledged assignments are those stored', compared, faults };
  }

  /** Limits, places, ends of licenses, and the totals of each building. */
  private async settings(): Promise<Check> {
    const { projects } = this.parts.workload;
    const found = await Promise.all(projects.map((project) => this.settingsOf(project)));
    return {
      name: 'acknowledged limits, moves, extensions and totals are those stored',
      compared: found.reduce((sum, each) => sum + each.compared, 0),
      faults: found.flatMap(({ faults }) => faults),
    };
  }

  private async settingsOf({ projectId, licenseId, buildings, apartments, validUntil }: Project) {
    const get = <Body>(path: string) =>
      this.parts.client.must<Body>({ method: 'GET', path: `/projects/${projectId}${path}` });
    const faults: string[] = [];
    let compared = 0;
    const same = (what: string, stored: unknown, acknowledged: unknown): void => {
      compared += 1;
      if (stored !== acknowledged)
        faults.push(`${what}: ${String(stored)} is stored, ${String(acknowledged)} was acknowledged`);
    };
    for (const { groupId, limit } of buildings) {
      const quota = await get<{ resources: { sip_number: { limit: number; consumed: number; suspended: number } } }>(
        `/groups/${groupId}/quota`,
      );
      const { resources } = quota;
      same(`limit of ${groupId}`, resources.sip_number.limit, limit);
      const inside = apartments.filter(({ parentId }) => parentId === groupId);
      const total = inside.reduce((sum, { assigned }) => sum + assigned.size, 0);
      same(`total of ${groupId}`, resources.sip_number.consumed + resources.sip_number.suspended, total);
    }
    for (const { groupId, parentId } of apartments)
      same(`parent of ${groupId}`, (await get<{ parentId: string }>(`/groups/${groupId}`)).parentId, parentId);
    const { items: licenses } = await get<{ items: { licenseId: string; validUntil: string }[] }>('/licenses');
    if (validUntil !== null)
      same(`end of ${licenseId}`, licenses.find((each) => each.licenseId === licenseId)?.validUntil, validUntil);
    return { compared, faults };
  }

  private async published(): Promise<Check> {
    const rows = await this.query<{ id: string }>(
      "SELECT data ->> 'assignmentId' AS id FROM reporting.event WHERE type = 'allotree.assignment-made.v1'",
    );
    const published = new Set(rows.map(({ id }) => id));
    const twice = rows.length - published.size;
    return {
      name: 'every assignment was published once',
      compared: rows.length,
      faults: [
        ...differences('published assignments', this.parts.workload.everAssigned, published),
        ...(twice > 0 ? [`${twice} were published twice`] : []),
      ],
    };
  }

  /** Each end of a short allotment in one mail, each mail sent once. */
  private async mails(): Promise<Check> {
    const { clock, workload } = this.parts;
    const ends = workload.projects.flatMap(({ shortGroupId, ends: all }) =>
      all.filter((end) => Date.parse(end) < clock.now()).map((end) => `${shortGroupId} ${end}`),
    );
    const noticed = await this.query<{ end: string; mails: number }>(
      `SELECT (notice.job ->> 'groupId') || ' ' || (notice.job ->> 'endedAt') AS end, count(item.mail_id)::integer AS mails
       FROM notifications.notice LEFT JOIN notifications.mail_item item USING (notice_id)
       WHERE notice.job ->> 'kind' = 'ended' GROUP BY 1`,
    );
    const sent = await this.query<{ sent: number; delivered: number }>(
      `SELECT (SELECT count(*)::integer FROM notifications.mail WHERE status = 'sent') AS sent,
         (SELECT count(*)::integer FROM notifications.outbox) AS delivered`,
    );
    const { sent: mails = 0, delivered = 0 } = sent[0] ?? {};
    return {
      name: 'every end was announced in one mail, and every mail was sent once',
      compared: ends.length,
      faults: [
        ...differences('announced ends', new Set(ends), new Set(noticed.map(({ end }) => end))),
        ...noticed
          .filter(({ mails: count }) => count !== 1)
          .map(({ end, mails: count }) => `${end} is in ${count} mails`),
        ...(mails === delivered ? [] : [`${mails} mails are marked as sent, ${delivered} were delivered`]),
      ],
    };
  }

  private async webhooks(): Promise<Check> {
    const rows = await this.query<{ id: string; subject: string }>(
      'SELECT id, subject FROM reporting.event WHERE type = ANY($1) ORDER BY position',
      [WEBHOOK_TYPES],
    );
    const { arrived } = this.parts.sink;
    const faults: string[] = [];
    for (const { projectId } of this.parts.workload.projects) {
      const expected = rows.filter(({ subject }) => subject === projectId).map(({ id }) => id);
      const first = arrived.get(projectId) ?? [];
      if (JSON.stringify(expected) !== JSON.stringify(first))
        faults.push(`of ${projectId} ${first.length} webhooks arrived, ${expected.length} in order were to be sent`);
    }
    return { name: 'every webhook arrived, in the order of its project', compared: rows.length, faults };
  }

  /** The reporting service computes quotas from the published events, the license service from its streams. */
  private async pastAgrees(): Promise<Check> {
    const faults: string[] = [];
    let compared = 0;
    for (const { projectId, buildings } of this.parts.workload.projects)
      for (const { groupId } of buildings) {
        const get = (path: string) =>
          this.parts.client.must<{ resources: { sip_number: object } }>({
            method: 'GET',
            path: `/projects/${projectId}/groups/${groupId}${path}`,
          });
        const [now, past] = [await get('/quota'), await get('/quota/as-of')];
        compared += 1;
        const [one, other] = [now, past].map(({ resources }) => JSON.stringify(resources.sip_number));
        if (one !== other) faults.push(`${groupId}: ${one} by the license service, ${other} by the reporting service`);
      }
    return { name: 'quotas from the published events are those of the streams', compared, faults };
  }

  /** Rows of the run against rows built from all events again: by the services themselves, and before and after a rebuild. */
  private async rebuilt(): Promise<Check> {
    const faults: string[] = [];
    let compared = 0;
    for (const [service, tables] of Object.entries(REBUILT)) {
      const before = await this.rowsOf(tables);
      const list = <Answer>(path: string) => this.parts.client.must<Answer>({ method: 'GET', path });
      const { items } = await list<{ items: { name: string; verifiable: boolean }[] }>(`/${service}/projections`);
      for (const { name } of items.filter(({ verifiable }) => verifiable)) {
        await this.parts.client.must({ method: 'POST', path: `/${service}/projections/${name}/rebuild` });
        const { status, differences: found } = await endedCheck(list, service, name);
        if (status !== 'equal') faults.push(`${service} ${name}: ${status} ${JSON.stringify(found)}`);
      }
      await this.settle(() => undefined);
      for (const [table, rows] of await this.rowsOf(tables)) {
        compared += rows.size;
        faults.push(...differences(table, before.get(table)!, rows));
      }
    }
    return { name: 'tables equal those built from all events again', compared, faults };
  }

  private async rowsOf(tables: readonly string[]): Promise<Map<string, Set<string>>> {
    const found = new Map<string, Set<string>>();
    for (const table of tables) {
      const rows = await this.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${table} t`);
      found.set(table, new Set(rows.map(({ row }) => row)));
    }
    return found;
  }

  private async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({
      connectionString: this.parts.cluster.environment['DATABASE_URL'],
      options: '-c allotree.tenant=*',
    });
    await client.connect();
    try {
      return (await client.query(sql, parameters)).rows as Row[];
    } finally {
      await client.end();
    }
  }
}

/** The first few of what one side lacks. */
export function differences(what: string, expected: ReadonlySet<string>, found: ReadonlySet<string>): string[] {
  const missing = [...expected].filter((each) => !found.has(each));
  const surplus = [...found].filter((each) => !expected.has(each));
  return [
    ...(missing.length > 0 ? [`${what}: ${missing.length} are missing, ${missing.slice(0, 3).join('; ')}`] : []),
    ...(surplus.length > 0 ? [`${what}: ${surplus.length} are surplus, ${surplus.slice(0, 3).join('; ')}`] : []),
  ];
}
