import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  GROUPS_EVENTS,
  LICENSING_EVENTS,
  type GroupsEvent,
  type GroupsEventType,
  type LicensingEvent,
  type LicensingEventType,
} from '@allotree/contracts';
import { LOGGER, allDone, type Logger } from '@allotree/basics';
import { findsAny, insertRows } from '@allotree/read-models';
import type { Replay } from '@allotree/service';
import type { DataSource, EntityManager } from 'typeorm';
import { EventLog } from '../events/event-log.js';
import { inTurns } from '../in-turns.js';
import { fetched } from '../persistence/fetched.js';
import { RepeatedWork } from '../repeated-work.js';
import { REPORTING } from '../tokens.js';
import { groupsOf, inOrderOfIndex, insertEventsOfGroups, type EventOfGroup } from './events-of-groups.js';
import { GroupsFacts, type GroupsFact } from './groups-facts.js';
import { LicensingFacts, type LicensingFact } from './licensing-facts.js';
import type { Origin, StoredEvent } from './stored-event.js';
import { UsageDays } from './usage-days.js';
import {
  ASSIGNMENTS,
  BASIC_LICENSES,
  DEVICES,
  GROUPS,
  LICENSES,
  MEMBERS,
  MEMBER_LIMITS,
  PARTNERS,
  PROJECTS,
  RESTRICTIONS,
} from './version-tables.js';

/** Of this projection, for those who operate the system. */
const NAME = 'tables';

const GROUP_SERVICE = '/group-service';
const LICENSE_SERVICE = '/license-service';

/** The tables that follow from the events of a source, with the column that names the subject. */
const TABLES_OF: Readonly<Record<string, readonly (readonly [table: string, subject: string])[]>> = {
  [GROUP_SERVICE]: [
    [PARTNERS.name, 'partner_id'],
    ...[PROJECTS, GROUPS, MEMBERS, DEVICES].map(({ name }) => [name, 'project_id'] as const),
  ],
  [LICENSE_SERVICE]: [
    ...[BASIC_LICENSES, LICENSES, RESTRICTIONS, MEMBER_LIMITS, ASSIGNMENTS].map(({ name }) => name),
    'usage_step',
    'usage_day',
  ].map((name) => [name, 'project_id'] as const),
};

/** Events of a batch, and bytes of their data. */
const BATCH = 20_000;
const BATCH_BYTES = 8_000_000;
/** After this many events, what waits for the database gets its turn. */
const AT_A_TIME = 1_000;
/** How often a process looks for events that another one has stored. */
const LOOK_MS = 1_000;
const PAUSE_MS = 1_000;

const SELECTED = "position, source, type, subject, coalesce(sequence, '0')::bigint AS sequence, at, tenant_id, data";
const NEXT = `
  SELECT ${SELECTED} FROM (
    SELECT *, sum(bytes) OVER (ORDER BY position) - bytes AS before FROM (
      SELECT * FROM ${REPORTING}.event WHERE position > $1 ORDER BY position LIMIT ${BATCH}) AS next) AS fitting
  WHERE before < ${BATCH_BYTES} ORDER BY position`;
/** A clock was corrected where an instant lies before an earlier one: nothing was recorded beyond it then. */
const OF_SUBJECT = `
  SELECT position, source, type, subject, sequence, tenant_id, data,
    min(at) OVER (ORDER BY sequence DESC, position DESC ROWS UNBOUNDED PRECEDING) AS at
  FROM (SELECT ${SELECTED} FROM ${REPORTING}.event WHERE subject = $1 AND source = $2 AND position <= $3) AS own
  ORDER BY sequence, position`;

/** Events beyond the position that the tables have reached are taken as they are then. */
const REPLACED = `
  WITH next AS (
    DELETE FROM ${REPORTING}.replaced_events WHERE (source, subject) IN (
      SELECT source, subject FROM ${REPORTING}.replaced_events WHERE position <= $1 LIMIT 1) RETURNING source, subject)
  SELECT source, subject FROM next`;

const WAITING = `
  SELECT FROM ${REPORTING}.replaced_events WHERE position <= (SELECT position FROM ${REPORTING}.tables_position) LIMIT 1`;

const HAS_WORK = `
  SELECT FROM ${REPORTING}.tables_position AS reached
  WHERE EXISTS (SELECT FROM ${REPORTING}.event WHERE position > reached.position)
    OR EXISTS (SELECT FROM ${REPORTING}.replaced_events WHERE position <= reached.position)`;

const BEHIND = `
  SELECT count(*)::integer AS behind FROM (
    SELECT FROM ${REPORTING}.event WHERE position > (SELECT position FROM ${REPORTING}.tables_position) LIMIT 1000) AS next`;

interface EventRow {
  readonly position: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: string;
  readonly at: Date;
  readonly tenant_id: string | null;
  readonly data: unknown;
}

/** What events say. */
interface Facts {
  readonly groups: readonly GroupsFact[];
  readonly licensing: readonly LicensingFact[];
}

/** The next events, with what does not depend on the tables. */
interface Batch {
  readonly events: readonly StoredEvent[];
  readonly facts: Facts;
  readonly ofGroups: readonly EventOfGroup[];
}

/** The last event of a source and subject that is in the tables. */
interface Progress {
  readonly tenantId: string | null;
  readonly source: string;
  readonly subject: string;
  readonly sequence: bigint;
  readonly at: number;
  readonly position: bigint;
}

/**
 * Keeps the temporal tables up to the event log. One process at a time does it, batch by batch, each in one transaction with the position it
 * reaches, so that a stop at any instant changes nothing. The rows follow from the events of each source and subject in the order of
 * their sequence: where an event comes after a later one, or its instant lies before that of an earlier one, the rows of that subject are
 * computed anew.
 */
@Injectable()
export class TablesProjection implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly work: RepeatedWork;
  private readonly listeners: (() => void)[] = [];
  /** The events after a position, read while those before them are written. */
  private ahead: { readonly after: string; readonly batch: Promise<Batch> } | null = null;

  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    private readonly log: EventLog,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.work = new RepeatedWork({
      step: () => this.advance(),
      lookMs: LOOK_MS,
      pauseMs: PAUSE_MS,
      logger,
      failure: ['error', 'the tables of the past could not be kept up to the event log, retrying'],
    });
  }

  onApplicationBootstrap(): void {
    this.log.onStored(() => this.work.notify());
    this.work.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.work.stop();
    await this.ahead?.batch.catch(() => undefined);
  }

  /** Calls the listener whenever this process has brought the tables forward. */
  onAdvanced(listener: () => void): void {
    this.listeners.push(listener);
  }

  projections(): string[] {
    return [NAME];
  }

  /** How many events are not in the tables yet, counted to 1,000. */
  async lag(): Promise<{ name: string; behind: number }[]> {
    const [row]: { behind: number }[] = await this.dataSource.query(BEHIND);
    return [{ name: NAME, behind: row?.behind ?? 0 }];
  }

  /** None while the database does not answer: the metrics of the process go on without it. */
  lagHere(): Promise<{ name: string; behind: number }[]> {
    return this.lag().catch(() => []);
  }

  replay(): Replay {
    return {
      name: NAME,
      tables: [...Object.values(TABLES_OF).flat(), ['event_of_group'], ['subject_progress']].map(([name]) => ({
        name,
      })),
      position: async (tx, lock) => {
        const sql = `SELECT position FROM ${REPORTING}.tables_position ${lock ? 'FOR UPDATE' : ''}`;
        const [place]: { position: string }[] = await tx.query(sql);
        return BigInt(place?.position ?? 0);
      },
      next: async (after) => {
        await this.replacedEventsTaken();
        const batch = await this.read(after.toString());
        const upTo = batch.events.at(-1)?.position ?? after;
        return { upTo, apply: (tx, limit) => this.project(tx, limit < upTo ? cut(batch, limit) : batch) };
      },
    };
  }

  /** Until then the tables are behind the archive. */
  private async replacedEventsTaken(): Promise<void> {
    while (!this.work.isStopping) {
      const waiting: unknown[] = await this.dataSource.query(WAITING);
      if (waiting.length === 0) return;
      await sleep(PAUSE_MS);
    }
  }

  /** Takes the next events. @returns `false`: there are none, or another process is taking them */
  private async advance(): Promise<boolean> {
    if (!(await findsAny(this.dataSource, HAS_WORK))) return false;
    const hasAdvanced = await this.dataSource.transaction(async (tx) => {
      const [place]: { position: string }[] = await tx.query(
        `SELECT position FROM ${REPORTING}.tables_position FOR UPDATE SKIP LOCKED`,
      );
      if (!place) return false;
      const [replaced]: Pick<EventRow, 'source' | 'subject'>[] = await tx.query(REPLACED, [place.position]);
      if (replaced) {
        const { source, subject } = replaced;
        await writeProgress(tx, [await this.rebuildSubject(tx, source, subject, BigInt(place.position))]);
        return true;
      }
      const batch = await this.batchAfter(place.position);
      const last = batch.events.at(-1);
      if (!last) return false;
      this.readAhead(last.position.toString());
      await this.project(tx, batch);
      await tx.query(`UPDATE ${REPORTING}.tables_position SET position = $1`, [last.position.toString()]);
      return true;
    });
    if (hasAdvanced) for (const listener of this.listeners) listener();
    return hasAdvanced;
  }

  /** The log is only appended to, and its positions become visible in their order: events read before are the ones to take now. */
  private async batchAfter(position: string): Promise<Batch> {
    const { ahead } = this;
    this.ahead = null;
    const read = ahead?.after === position ? await ahead.batch.catch(() => null) : null;
    return read !== null && read.events.length > 0 ? read : this.read(position);
  }

  private readAhead(after: string): void {
    const batch = this.read(after);
    // A failure matters to nobody before the events are taken, and then they are read again.
    batch.catch(() => undefined);
    this.ahead = { after, batch };
  }

  private async read(after: string): Promise<Batch> {
    const rows: EventRow[] = await this.dataSource.query(NEXT, [after]);
    const events = await inTurns(rows, AT_A_TIME, eventOf);
    const facts = await this.factsOf(events);
    const ofGroups = (await inTurns(events, AT_A_TIME, groupsOf)).flat();
    return { events, facts, ofGroups: ofGroups.sort(inOrderOfIndex) };
  }

  private async project(tx: EntityManager, { events, facts, ofGroups }: Batch): Promise<void> {
    const progress = await progressOf(tx, events);
    const irregular = new Map<string, StoredEvent>();
    for (const event of events) {
      const name = subjectOf(event);
      const before = progress.get(name);
      if (before && (event.sequence < before.sequence || event.at < before.at)) irregular.set(name, event);
      else progress.set(name, event);
    }
    const late = new Set<Origin>(events.filter((event) => irregular.has(subjectOf(event))));
    const isRegular = ({ origin }: GroupsFact | LicensingFact): boolean => !late.has(origin);
    const regular: Facts =
      irregular.size === 0
        ? facts
        : { groups: facts.groups.filter(isRegular), licensing: facts.licensing.filter(isRegular) };
    await this.apply(tx, regular, () => insertEventsOfGroups(tx, ofGroups));
    const upTo = events.at(-1)?.position ?? 0n;
    for (const [name, { source, subject }] of irregular)
      progress.set(name, await this.rebuildSubject(tx, source, subject, upTo));
    const reached = new Set(events.map(subjectOf));
    await writeProgress(
      tx,
      [...reached].flatMap((name) => progress.get(name) ?? []),
    );
  }

  private async rebuildSubject(tx: EntityManager, source: string, subject: string, upTo: bigint): Promise<Progress> {
    this.logger.info({ source, subject }, 'earlier events came or changed, computing the tables of their subject anew');
    for (const [table, column] of TABLES_OF[source] ?? [])
      await tx.query(`DELETE FROM ${REPORTING}.${table} WHERE ${column} = $1`, [subject]);
    let last: StoredEvent | undefined;
    for await (const rows of fetched<EventRow>(tx, BATCH, OF_SUBJECT, [subject, source, upTo.toString()])) {
      const events = rows.map(eventOf);
      await this.apply(tx, await this.factsOf(events));
      await insertEventsOfGroups(tx, events.flatMap(groupsOf), 'ON CONFLICT DO NOTHING');
      last = events.at(-1);
    }
    if (!last) throw new Error(`there are no events of ${source} about ${subject}`);
    return last;
  }

  private async factsOf(events: readonly StoredEvent[]): Promise<Facts> {
    const facts: { groups: GroupsFact[]; licensing: LicensingFact[] } = { groups: [], licensing: [] };
    await inTurns(events, AT_A_TIME, (origin) => {
      if (origin.source === GROUP_SERVICE) {
        const event = this.known<GroupsEvent>(origin, GROUPS_EVENTS[origin.type as GroupsEventType]);
        if (event) facts.groups.push({ origin, event });
      } else if (origin.source === LICENSE_SERVICE) {
        const event = this.known<LicensingEvent>(origin, LICENSING_EVENTS[origin.type as LicensingEventType]);
        if (event) facts.licensing.push({ origin, sequence: origin.sequence, event });
      }
    });
    return facts;
  }

  /**
   * Applies facts in their order.
   * @param meanwhile a statement that the database can run while this process computes
   */
  private async apply(
    tx: EntityManager,
    { groups, licensing }: Facts,
    meanwhile: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    await new GroupsFacts(tx).apply(groups);
    const created = groups.filter(({ event }) => event.type === 'allotree.project-created.v1');
    const projectIds = created.map(({ event }) => (event.data as { projectId: string }).projectId);
    if (projectIds.length > 0) await new UsageDays(tx).measureAll(projectIds);
    const changed = new LicensingFacts(tx);
    await changed.load(licensing);
    await allDone([meanwhile(), changed.apply(licensing)]);
    await changed.write();
  }

  /** The event, if its type is known and its data are of that type. */
  private known<Event extends GroupsEvent | LicensingEvent>(
    { type, data, position }: StoredEvent,
    shape: { safeParse(data: unknown): { success: boolean; data?: unknown; error?: unknown } } | undefined,
  ): Pick<Event, 'type' | 'data'> | null {
    if (!shape) return null;
    const parsed = shape.safeParse(data);
    if (parsed.success) return { type, data: parsed.data } as Pick<Event, 'type' | 'data'>;
    this.logger.warn({ err: parsed.error, type, position: position.toString() }, 'an event does not match its type');
    return null;
  }
}

/** The part of a batch that is not beyond a position. */
function cut({ events, facts, ofGroups }: Batch, limit: bigint): Batch {
  const isWithin = ({ origin }: GroupsFact | LicensingFact): boolean => origin.position <= limit;
  return {
    events: events.filter(({ position }) => position <= limit),
    facts: { groups: facts.groups.filter(isWithin), licensing: facts.licensing.filter(isWithin) },
    ofGroups: ofGroups.filter(({ position }) => position <= limit),
  };
}

const subjectOf = ({ source, subject }: Pick<StoredEvent, 'source' | 'subject'>): string => `${source}\n${subject}`;

const eventOf = (row: EventRow): StoredEvent => ({
  position: BigInt(row.position),
  source: row.source,
  type: row.type,
  subject: row.subject,
  sequence: BigInt(row.sequence),
  at: row.at.getTime(),
  tenantId: row.tenant_id,
  data: row.data,
});

async function progressOf(tx: EntityManager, events: readonly StoredEvent[]): Promise<Map<string, Progress>> {
  const subjects = [...new Map(events.map((event) => [subjectOf(event), event])).values()];
  const rows: Omit<EventRow, 'type' | 'data'>[] = await tx.query(
    `SELECT progress.* FROM unnest($1::text[], $2::text[]) AS given (source, subject)
     JOIN ${REPORTING}.subject_progress progress USING (source, subject)`,
    [subjects.map(({ source }) => source), subjects.map(({ subject }) => subject)],
  );
  return new Map(rows.map((row) => [subjectOf(row), eventOf({ ...row, type: '', data: null })]));
}

async function writeProgress(tx: EntityManager, progress: readonly Progress[]): Promise<void> {
  const columns = {
    tenant_id: 'text',
    source: 'text',
    subject: 'text',
    sequence: 'bigint',
    at: 'timestamptz',
    position: 'bigint',
  };
  const rows = progress.map(({ tenantId, source, subject, sequence, at, position }) => ({
    tenant_id: tenantId,
    source,
    subject,
    sequence: sequence.toString(),
    at: new Date(at),
    position: position.toString(),
  }));
  const table = `${REPORTING}.subject_progress`;
  await insertRows(tx, table, columns, rows, { key: ['source', 'subject'], keep: [] });
}
