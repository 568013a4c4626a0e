import { Clock } from '@allotree/basics';
import type { LicenseExpiryJob } from '@allotree/contracts';
import type { JobQueues } from '@allotree/jobs';
import { CollectNotice } from '@allotree/notification-service/collect-notice';
import { Ledger } from '@allotree/notification-service/ledger';
import { MailDelivery, type Mail } from '@allotree/notification-service/mail-delivery';
import { MailSender } from '@allotree/notification-service/mail-sender';
import { Notifications } from '@allotree/notification-service/notifications';
import { RecipientResolver } from '@allotree/notification-service/recipient-resolver';
import type { ClaimedMail } from '@allotree/notification-service/ledger';
import { Registry } from 'prom-client';
import { Table, type SimulatedDataSource, type Statements, type Transaction } from './database.harness.js';
import { Server, type Network } from './network.harness.js';
import { Violation, type Trace } from './trace.harness.js';
import { Owner } from './virtual-time.harness.js';

/** Mistakes that the ledger of mails could make. */
export interface MailFlaws {
  /** Records what became of a mail for a process that has it no longer. */
  readonly dropsClaim?: boolean;
}

interface NoticeRow {
  readonly notice_id: string;
  readonly job: LicenseExpiryJob;
  readonly state: 'new' | 'addressed' | 'obsolete';
  readonly tries: number;
  /** Instants of these tables are on the clock of the database. */
  readonly notBefore: number;
  readonly ordinal: number;
}

interface ItemRow {
  readonly notice_id: string;
  readonly recipient_key: string;
  readonly mail_id: string;
}

interface GivenMail {
  readonly mailId: string;
  readonly messageId: string;
  readonly digest: string;
  readonly mailType: ClaimedMail['mailType'];
  readonly tenantId: string;
  readonly projectIds: readonly string[];
  readonly recipient: string;
}

interface MailRow extends GivenMail {
  readonly status: 'pending' | 'sending' | 'sent' | 'failed' | 'dead' | 'obsolete';
  readonly attempts: number;
  readonly subject: string | null;
  readonly text: string | null;
  readonly writtenAt: Date | null;
  readonly notBefore: number;
  readonly claim: string | null;
  readonly leaseUntil: number;
  readonly ordinal: number;
}

/** Groups of a project from the inside out; the project itself is the last one. */
const PATHS: Readonly<Record<string, readonly string[]>> = { a1: ['a1', 'a'], a2: ['a2', 'a'], a: ['a'], b: ['b'] };
/** Administrators of groups; those of the project are responsible for groups without any. */
const ADMINISTRATORS: Readonly<Record<string, readonly string[]>> = { a: ['anna'], a1: ['ben', 'anna'] };
const PROJECT_ADMINISTRATOR = 'paula';
/** A project's groups become known this long after its first notice, as if their events were late. */
const UNKNOWN_MS = 2_000;

const pathOf = (projectId: string, groupId: string): readonly string[] => [...(PATHS[groupId] ?? []), projectId];

const administratorsOf = (projectId: string, groupId: string): readonly string[] =>
  groupId === projectId ? [PROJECT_ADMINISTRATOR] : (ADMINISTRATORS[groupId] ?? []);

const addressOf = (name: string): string => `${name}@example.com`;

/** The addresses of those who are to receive a notice. */
function recipientsOf({ projectId, groupId }: LicenseExpiryJob): readonly string[] {
  const nearest = pathOf(projectId, groupId).find((group) => administratorsOf(projectId, group).length > 0)!;
  return administratorsOf(projectId, nearest).map(addressOf);
}

/** Elements of a PostgreSQL array of texts, written by `arrayOf`. */
const elementsOf = (text: unknown): string[] => JSON.parse(`[${(text as string).slice(1, -1)}]`) as string[];

const CONTENT = 'simulated: the notices of mails';

/** The tables of notices and mails, and the statements on them. The number of mails an hour is not limited. */
export class MailTables {
  readonly notices = new Table<NoticeRow>('notifications.notice');
  readonly mails = new Table<MailRow>('notifications.mail');
  readonly #items = new Table<ItemRow>('notifications.mail_item');
  readonly #firstAsked = new Map<string, number>();
  #ordinal = 0;

  constructor(
    private readonly trace: Trace,
    private readonly now: () => number,
    private readonly flaws: MailFlaws,
  ) {}

  readonly statements: Statements = [
    [
      'INSERT INTO notifications.notice',
      async (tx, [json]) => {
        for (const { id, job } of JSON.parse(json as string) as { id: string; job: LicenseExpiryJob }[]) {
          if (await tx.lock(this.notices, id)) continue;
          const row = { notice_id: id, job, state: 'new' as const, tries: 0, notBefore: this.now() };
          await tx.write(this.notices, id, { ...row, ordinal: this.#ordinal++ });
        }
      },
    ],
    ['SELECT FROM notifications.notice', () => [...this.notices.rows()].filter(([, row]) => this.#isDueNotice(row))],
    ['SELECT notice_id, job, tries FROM notifications.notice', (tx) => this.#dueNotices(tx)],
    ['WITH RECURSIVE asked AS', (_tx, [projects, groups]) => this.#paths(projects as string[], groups as string[])],
    ['FROM notifications.project', () => []],
    [
      'FROM notifications.mail WHERE digest = ANY ($1) FOR UPDATE',
      async (tx, [digests]) => {
        const known = [...this.mails.rows()].filter(([, { digest }]) => (digests as string[]).includes(digest));
        const rows: object[] = [];
        for (const [mail_id] of known) {
          const { digest, status, subject } = (await tx.lock(this.mails, mail_id))!;
          rows.push({ mail_id, digest, open: status === 'pending' && subject === null });
        }
        return rows;
      },
    ],
    [
      'INSERT INTO notifications.mail_item',
      async (tx, columns) => {
        const [notices, recipients, mails] = columns.map(elementsOf);
        for (const [index, notice_id] of notices!.entries()) {
          const row = { notice_id, recipient_key: recipients![index]!, mail_id: mails![index]! };
          const key = `${notice_id} ${row.recipient_key}`;
          if (await tx.lock(this.#items, key)) throw new Error(`${key} is in a mail already`);
          await tx.write(this.#items, key, row);
        }
      },
    ],
    ["SET state = 'addressed' WHERE notice_id = ANY", (tx, [ids]) => this.#setState(tx, ids, 'addressed')],
    ["SET state = 'obsolete' WHERE notice_id = ANY", (tx, [ids]) => this.#setState(tx, ids, 'obsolete')],
    [
      'SET tries = tries + 1',
      (tx, [ids, pause]) =>
        this.#changeNotices(tx, ids, ({ tries }) => ({
          tries: tries + 1,
          notBefore: this.now() + (pause as number) * 1_000 * 2 ** tries,
        })),
    ],
    [
      'SET project_ids = (SELECT array_agg',
      async (tx, [mailId, more]) => {
        const row = (await tx.lock(this.mails, mailId as string))!;
        await tx.write(this.mails, row.mailId, {
          ...row,
          projectIds: [...new Set([...row.projectIds, ...(more as string[])])],
        });
      },
    ],
    [
      /INSERT INTO notifications\.mail\s+\(mail_id, key, digest/,
      async (tx, [json, , seconds]) => {
        for (const given of JSON.parse(json as string) as GivenMail[]) {
          if (await tx.lock(this.mails, given.mailId)) throw new Error(`mail ${given.mailId} exists already`);
          await tx.write(this.mails, given.mailId, {
            ...given,
            status: 'pending',
            attempts: 0,
            ...{ subject: null, text: null, writtenAt: null, claim: null, leaseUntil: 0 },
            notBefore: this.now() + (seconds as number) * 1_000,
            ordinal: this.#ordinal++,
          });
        }
      },
    ],
    [
      /^\s*SELECT FROM notifications\.mail /,
      (_tx, [, hurry]) => [...this.mails.rows()].filter(([, row]) => this.#isDueMail(row, hurry === true)),
    ],
    ['WITH next AS (', (tx, values) => this.#claim(tx, values)],
    [CONTENT, (_tx, [ids]) => this.#noticesOf(ids as string[])],
    [
      'SET subject = given.subject',
      async (tx, [json]) => {
        const given = JSON.parse(json as string) as {
          mailId: string;
          subject: string;
          text: string;
          writtenAt: string;
        }[];
        for (const { mailId, subject, text, writtenAt } of given)
          await this.#write(tx, (await tx.lock(this.mails, mailId))!, {
            subject,
            text,
            writtenAt: new Date(writtenAt),
          });
      },
    ],
    [
      'SET lease_until = clock_timestamp() + make_interval(secs => $3)',
      (tx, [ids, claims, seconds]) =>
        this.#leave(tx, ids, claims, () => ({ leaseUntil: this.now() + (seconds as number) * 1_000 })),
    ],
    [
      "SET status = 'sent'",
      (tx, [ids, claims]) => this.#leave(tx, ids, claims, () => ({ status: 'sent', text: null, claim: null })),
    ],
    [
      "SET status = 'failed', error = $3",
      (tx, [id, claim, , seconds]) =>
        this.#leave(tx, [id], [claim], () => ({
          status: 'failed',
          claim: null,
          notBefore: this.now() + (seconds as number) * 1_000,
        })),
    ],
  ];

  /** Rows that another transaction has locked are waited for. */
  async #dueNotices(tx: Transaction): Promise<NoticeRow[]> {
    const due = [...this.notices.rows()].filter(([, row]) => this.#isDueNotice(row)).slice(0, 200);
    const rows: NoticeRow[] = [];
    for (const [id] of due) {
      const row = (await tx.lock(this.notices, id))!;
      if (this.#isDueNotice(row)) rows.push(row);
    }
    return rows;
  }

  #isDueNotice({ state, notBefore }: NoticeRow): boolean {
    return state === 'new' && notBefore <= this.now();
  }

  #paths(projects: readonly string[], groups: readonly string[]): object[] {
    const asked = new Map(
      groups.map((asked_id, i) => [`${projects[i]} ${asked_id}`, { project_id: projects[i]!, asked_id }]),
    );
    return [...asked.values()].flatMap(({ project_id, asked_id }) => {
      const first = this.#firstAsked.get(project_id) ?? this.now();
      this.#firstAsked.set(project_id, first);
      if (this.now() - first < UNKNOWN_MS) return [];
      return pathOf(project_id, asked_id).map((name) => ({
        project_id,
        asked_id,
        name,
        removed: false,
        members: administratorsOf(project_id, name).map((one) => ({
          email: addressOf(one),
          name: one,
          role: 'company_administrator',
          userId: null,
        })),
      }));
    });
  }

  #isDueMail({ status, leaseUntil, notBefore, attempts }: MailRow, hurry: boolean): boolean {
    const now = this.now();
    if (status === 'sending') return leaseUntil < now;
    return (status === 'pending' || status === 'failed') && (notBefore <= now || (hurry && attempts === 0));
  }

  /** `FOR UPDATE SKIP LOCKED` of mails whose turn it is, which are then in the hands of the process. */
  async #claim(tx: Transaction, [limit, , , claim, seconds, hurry]: readonly unknown[]): Promise<object[]> {
    const now = this.now();
    const due = [...this.mails.rows()].map(([, row]) => row).filter((row) => this.#isDueMail(row, hurry === true));
    due.sort((a, b) => a.notBefore - b.notBefore || a.ordinal - b.ordinal);
    const next = due.filter(({ mailId }) => tx.tryLock(this.mails, mailId)).slice(0, limit as number);
    next.sort((a, b) => a.ordinal - b.ordinal);
    for (const row of next)
      await this.#write(tx, row, {
        status: 'sending',
        attempts: row.attempts + 1,
        claim: claim as string,
        leaseUntil: now + (seconds as number) * 1_000,
      });
    return next.map(({ attempts, ...row }) => ({
      ...row,
      ...{ status: 'sending', attempts: attempts + 1, recipientName: null, language: null, html: '', linkEnds: false },
    }));
  }

  #noticesOf(mailIds: readonly string[]): object[] {
    const notices = [...this.#items.rows()].map(([, item]) => item);
    return mailIds.map((mailId) => ({
      mailId,
      notices: notices.filter(({ mail_id }) => mail_id === mailId).map(({ notice_id }) => notice_id),
    }));
  }

  /** Changes mails that are still in the hands of the process that claimed them. */
  async #leave(
    tx: Transaction,
    ids: unknown,
    claims: unknown,
    change: () => Partial<MailRow>,
  ): Promise<{ mail_id: string }[]> {
    const changed: { mail_id: string }[] = [];
    for (const [index, mail_id] of (ids as string[]).entries()) {
      const row = (await tx.lock(this.mails, mail_id))!;
      const isMine = row.claim === (claims as string[])[index] && row.status === 'sending';
      if (!isMine && !this.flaws.dropsClaim) continue;
      await this.#write(tx, row, change());
      changed.push({ mail_id });
    }
    return changed;
  }

  async #write(tx: Transaction, row: MailRow, change: Partial<MailRow>): Promise<void> {
    const { mailId, status } = row;
    const next = { ...row, ...change };
    await tx.write(this.mails, mailId, next);
    if (status === 'sent' && next.status !== 'sent')
      tx.onCommit(() => this.trace.violate(new Violation(`mail ${mailId} was sent and is now ${next.status}`, mailId)));
  }

  async #changeNotices(tx: Transaction, ids: unknown, change: (row: NoticeRow) => Partial<NoticeRow>): Promise<void> {
    for (const id of ids as string[]) {
      const row = (await tx.lock(this.notices, id))!;
      await tx.write(this.notices, id, { ...row, ...change(row) });
    }
  }

  #setState(tx: Transaction, ids: unknown, state: NoticeRow['state']): Promise<void> {
    return this.#changeNotices(tx, ids, () => ({ state }));
  }
}

/** Where all mails end up. */
export class MailServer extends Server {
  /** Text of each mail that was taken on, by its Message-ID. */
  readonly #texts = new Map<string, string>();
  /** Message-ID of the mail that says something to somebody, by `<notice> <address>`. */
  readonly #mailOf = new Map<string, string>();
  /** Handed over again after it was taken on: nobody knew. */
  repeated = 0;

  constructor(
    readonly network: Network,
    readonly tables: MailTables,
  ) {
    super(new Owner('mail server'));
  }

  get sent(): number {
    return this.#texts.size;
  }

  receive({ messageId, to, text }: Mail): void {
    const earlier = this.#texts.get(messageId);
    if (earlier !== undefined) this.repeated++;
    if (earlier !== undefined && earlier !== text) this.#violate(`mail ${messageId} says ${text}, but said ${earlier}`);
    this.#texts.set(messageId, text);
    for (const notice of JSON.parse(text) as string[]) {
      const key = `${notice} ${to.address}`;
      const other = this.#mailOf.get(key) ?? messageId;
      if (other !== messageId) this.#violate(`${to.address} receives ${notice} in ${other} and in ${messageId}`);
      this.#mailOf.set(key, messageId);
    }
  }

  /** The first of these jobs that somebody it concerns has no mail of. */
  differenceFrom(jobs: Iterable<string>): string | null {
    for (const id of jobs) {
      const notice = this.tables.notices.get(id);
      if (!notice) return `job ${id} was handled and is no notice`;
      const missing = recipientsOf(notice.job).find((address) => !this.#mailOf.has(`${id} ${address}`));
      if (missing !== undefined) return `${missing} has no mail of ${id}, which is ${notice.state}`;
    }
    for (const [, { mailId, status }] of this.tables.mails.rows())
      if (status !== 'sent') return `mail ${mailId} is ${status}`;
    return null;
  }

  #violate(message: string): void {
    this.network.trace.violate(new Violation(message));
  }
}

class SimulatedDelivery extends MailDelivery {
  constructor(private readonly server: MailServer) {
    super();
  }

  /** On a connection, on which nothing arrives twice. The server takes the mail on and then lets the client wait. */
  deliver(mail: Mail): Promise<string> {
    const { server } = this;
    const { time, random } = server.network;
    return server.network.request<string>(
      server,
      'hand over a mail',
      (answer) => {
        server.receive(mail);
        time.schedule(random.chance(0.5) ? random.between(10, 5_000) : 0, () => answer('250 OK'));
      },
      { isConnection: true },
    );
  }

  async close(): Promise<void> {}
}

/** Writes the ids of its notices into a mail instead of a template. */
const writerOf = (dataSource: SimulatedDataSource, clock: Clock) => ({
  write: async (mails: readonly ClaimedMail[]) => {
    const ids = mails.map(({ mailId }) => mailId);
    const rows = (await dataSource.query(CONTENT, [ids])) as { readonly notices: readonly string[] }[];
    return mails.map((mail, index) => {
      const fresh = {
        subject: mail.mailType,
        html: '',
        text: JSON.stringify(rows[index]!.notices),
        writtenAt: clock.now(),
      };
      return { mail, kind: 'written', content: mail.content ?? fresh };
    });
  },
});

const CONFIGURATION = {
  MAIL_FROM: 'licenses@example.com',
  MAIL_PER_HOUR: 1_000_000,
  MAIL_LEASE_SECONDS: 3,
  // A mail fails here only while something is away, so none becomes a dead letter.
  MAIL_ATTEMPTS: 1_000,
  MAIL_RETRY_SECONDS: 0.5,
  MAIL_COLLECT_SECONDS: 5,
} as never;

export interface MailParts {
  readonly jobs: JobQueues;
  readonly dataSource: SimulatedDataSource;
  readonly clock: Clock;
  readonly logger: unknown;
}

/** The notification service of a replica, from a job to a mail. */
export function setUpMails(server: MailServer, { jobs, dataSource, clock, logger }: MailParts): Notifications {
  const [source, log] = [dataSource as never, logger as never];
  const ledger = new Ledger(source, CONFIGURATION, clock);
  const writer = writerOf(dataSource, clock) as never;
  const delivery = new SimulatedDelivery(server);
  return new Notifications(
    jobs,
    new CollectNotice(source),
    undefined as never,
    new RecipientResolver(source, CONFIGURATION, clock, log),
    new MailSender(ledger, writer, delivery, CONFIGURATION, log, new Registry()),
    ledger,
    log,
  );
}
