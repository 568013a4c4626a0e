import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { LicenseExpiryJob } from '@allotree/contracts';
import { Clock, CONFIGURATION, LOGGER, type Logger } from '@allotree/basics';
import { Problem } from '@allotree/http';
import { findsAny, rehearse } from '@allotree/read-models';
import type { DataSource, EntityManager } from 'typeorm';
import type { NotificationConfiguration } from '../configuration.js';
import { mailboxOf } from '../delivery/mailbox.js';
import { MAIL_TYPE_OF } from '../mails/mail-types.js';
import { mailIdentity } from '../mails/mail-key.js';
import { NOTIFICATIONS } from '../tokens.js';
import { fileInMails, type Addressed } from './filing.js';
import { groupPaths } from './group-paths.js';
import { placeOf, recipientsOf, type GroupPath } from './recipients.js';

interface Notice {
  readonly notice_id: string;
  readonly job: LicenseExpiryJob;
  readonly tries: number;
}

const AT_ONCE = 200;
/** Retries for a group whose events may arrive in a moment: the first after half a second, each pause twice the last. */
const TRIES = 7;
const FIRST_PAUSE_SECONDS = 0.5;
/** After this number of attempts, waiting until all mails are sent no longer includes these. */
const SOON_TRIES = 3;

const LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('allotree notifications addressing', 0))";

const IS_DUE = "state = 'new' AND not_before <= clock_timestamp()";
const HAS_DUE = `SELECT FROM notifications.notice WHERE ${IS_DUE} LIMIT 1`;
const DUE = `
  SELECT notice_id, job, tries FROM notifications.notice WHERE ${IS_DUE} ORDER BY ordinal LIMIT ${AT_ONCE} FOR UPDATE`;

const NOBODY =
  'Nobody to send it to: neither the group nor one above it has an administrator, and none of its partner is known';
const UNKNOWN_GROUP = 'Nobody to send it to: the group is not known here';

/**
 * Finds the recipients of what became due and puts it into their mails of the day. One replica at a time, so that the
 * groups of one administrator meet in one mail.
 */
@Injectable()
export class RecipientResolver {
  constructor(
    @InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** One batch; how many notices it looked at. */
  async step(): Promise<number> {
    if (!(await findsAny(this.dataSource, HAS_DUE))) return 0;
    return this.dataSource.transaction(async (tx) => {
      await tx.query(LOCK);
      const notices: Notice[] = await tx.query(DUE);
      if (notices.length > 0) await this.address(tx, notices);
      return notices.length;
    });
  }

  /**
   * Looks again for recipients of a dead letter that had none, and puts its notices into mails of theirs, which take its
   * place.
   * @returns the ids of the mails
   * @throws Problem `NO_RECIPIENT`
   */
  async addressAgain(mailId: string, dryRun: boolean): Promise<readonly string[]> {
    const transaction = (work: (tx: EntityManager) => Promise<readonly string[]>): Promise<readonly string[]> =>
      this.dataSource.transaction(work);
    return rehearse(dryRun, transaction, async (tx) => {
      await tx.query(LOCK);
      const notices: Notice[] = await tx.query(
        `SELECT notice.notice_id, notice.job, notice.tries
         FROM notifications.mail_item JOIN notifications.notice USING (notice_id) WHERE mail_id = $1`,
        [mailId],
      );
      const pathOf = await groupPaths(
        tx,
        notices.map(({ job }) => job),
      );
      const addressed = notices.flatMap((notice) => addressesOf(notice, pathOf(notice.job)));
      if (addressed.length === 0) throw new Problem('NO_RECIPIENT', NOBODY);
      await tx.query('DELETE FROM notifications.mail WHERE mail_id = $1', [mailId]);
      return fileInMails(tx, addressed, { ...this.filing(), collectSeconds: 0 });
    });
  }

  /** Whether there are notices that will find their recipients now or in a moment. */
  async isBusy(): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query(
      `SELECT 1 FROM notifications.notice WHERE state = 'new' AND tries < ${SOON_TRIES} LIMIT 1`,
    );
    return rows.length > 0;
  }

  private async address(tx: EntityManager, notices: readonly Notice[]): Promise<void> {
    const pathOf = await groupPaths(
      tx,
      notices.map(({ job }) => job),
    );
    const addressed: Addressed[] = [];
    const obsolete: string[] = [];
    const postponed: string[] = [];
    for (const notice of notices) {
      const path = pathOf(notice.job);
      const found = addressesOf(notice, path);
      if (path?.groups[0]?.removed === true) obsolete.push(notice.notice_id);
      else if (found.length > 0) addressed.push(...found);
      else if (notice.tries + 1 < TRIES) postponed.push(notice.notice_id);
      else await this.bury(tx, notice, path === undefined ? UNKNOWN_GROUP : NOBODY);
    }
    await fileInMails(tx, addressed, this.filing());
    await tx.query("UPDATE notifications.notice SET state = 'obsolete' WHERE notice_id = ANY ($1)", [obsolete]);
    await tx.query(
      `UPDATE notifications.notice
       SET tries = tries + 1, not_before = clock_timestamp() + make_interval(secs => $2 * 2 ^ tries)
       WHERE notice_id = ANY ($1)`,
      [postponed, FIRST_PAUSE_SECONDS],
    );
  }

  private filing() {
    const { MAIL_FROM, MAIL_COLLECT_SECONDS } = this.configuration;
    return { sender: senderOf(MAIL_FROM), now: this.clock.now(), collectSeconds: MAIL_COLLECT_SECONDS };
  }

  /** A dead letter that says why: once there is somebody, it can be sent again. */
  private async bury(tx: EntityManager, { notice_id, job }: Notice, reason: string): Promise<void> {
    const identity = mailIdentity(`nobody|${notice_id}`, senderOf(this.configuration.MAIL_FROM));
    await tx.query(
      `INSERT INTO notifications.mail
         (mail_id, key, message_id, mail_type, status, tenant_id, project_ids, error, created_at, not_before)
       VALUES ($1, $2, $3, $4, 'dead', $5, ARRAY[$6], $7, $8, clock_timestamp())
       ON CONFLICT (mail_id) DO NOTHING`,
      [
        identity.mailId,
        identity.key,
        identity.messageId,
        MAIL_TYPE_OF[job.kind],
        job.tenantId,
        job.projectId,
        reason,
        new Date(this.clock.now()),
      ],
    );
    await tx.query(
      `INSERT INTO notifications.mail_item (notice_id, recipient_key, mail_id, place) VALUES ($1, '', $2, $3)`,
      [notice_id, identity.mailId, job.groupName],
    );
    await tx.query("UPDATE notifications.notice SET state = 'addressed' WHERE notice_id = $1", [notice_id]);
    this.logger.warn({ notice: notice_id, project: job.projectId, group: job.groupId }, reason);
  }
}

const senderOf = (from: string): string => mailboxOf(from)?.address ?? from;

/** One for each recipient; none where nobody is found. */
function addressesOf({ notice_id, job }: Pick<Notice, 'notice_id' | 'job'>, path: GroupPath | undefined): Addressed[] {
  if (path === undefined) return [];
  const wanted = 'recipients' in job ? job.recipients : 'administrators';
  return recipientsOf(path, wanted).map((person) => ({ noticeId: notice_id, job, person, place: placeOf(path) }));
}
