import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { MailTypeName } from '@allotree/contracts';
import { Batcher, Clock, CONFIGURATION } from '@allotree/basics';
import { findsAny } from '@allotree/read-models';
import type { DataSource } from 'typeorm';
import type { NotificationConfiguration } from '../configuration.js';
import { NOTIFICATIONS } from '../tokens.js';

/** A mail this process is handing over. Without content it has not been written yet. */
export interface ClaimedMail {
  readonly mailId: string;
  readonly claim: string;
  readonly messageId: string;
  readonly mailType: MailTypeName;
  readonly tenantId: string | null;
  readonly projectIds: readonly string[];
  readonly recipient: string;
  readonly recipientName: string | null;
  /** What the recipient's account prefers, a BCP 47 tag. */
  readonly language: string | null;
  /** This one included. */
  readonly attempts: number;
  readonly content: MailContent | null;
  /** Its link has ended or ends so soon that the recipient would hardly be in time. */
  readonly linkEnds: boolean;
}

export interface MailContent {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

interface ClaimedRow extends Omit<ClaimedMail, 'content' | 'claim'> {
  readonly status: string;
  readonly subject: string | null;
  readonly html: string;
  readonly text: string;
  readonly writtenAt: Date;
}

const HOUR = "interval '1 hour'";
/** By the clock of the database, by which the links of mails end. */
const LEAST_LINK_LIFE = "interval '15 minutes'";
const LONGEST_PAUSE_SECONDS = 4 * 3_600;

/** Mails whose turn it is, by the parameters of now and of the hurry. */
const isDue = (now: string, hurry: string): string => `
  status IN ('pending', 'failed', 'sending')
  AND CASE status
    WHEN 'sending' THEN lease_until < clock_timestamp()
    ELSE (not_before <= clock_timestamp() OR (${hurry} AND attempts = 0)) AND (held_until IS NULL OR held_until <= ${now})
  END`;

const HAS_DUE = `SELECT FROM notifications.mail WHERE ${isDue('$1', '$2::boolean')} LIMIT 1`;

/**
 * $1 how many, $2 now by the services' clock, $3 mails an hour, $4 claim, $5 seconds of the lease, $6 whether mails that
 * wait for more of the day go at once. Mails of a killed process are taken over when its lease expires. Urgent
 * mails, about accounts, come first and are not counted; the others are counted for a recipient and a tenant, so that no
 * tenant's mails hold back another's.
 */
const CLAIM = `
  WITH next AS (
    SELECT mail_id, urgent, recipient_key, tenant_id, ordinal FROM notifications.mail
    WHERE ${isDue('$2', '$6')}
    ORDER BY urgent DESC, not_before, ordinal LIMIT $1 FOR UPDATE SKIP LOCKED
  ), placed AS (
    SELECT mail_id, recipient_key, tenant_id,
      row_number() OVER (PARTITION BY recipient_key, tenant_id ORDER BY ordinal) AS place
    FROM next WHERE NOT urgent
  ), lately AS (
    SELECT mail.recipient_key, mail.tenant_id, count(*) AS number, min(mail.sent_at) AS first_at FROM notifications.mail
    WHERE mail.recipient_key IN (SELECT recipient_key FROM placed) AND NOT mail.urgent
      AND ((mail.status = 'sent' AND mail.sent_at > $2::timestamptz - ${HOUR})
        OR (mail.status = 'sending' AND mail.mail_id NOT IN (SELECT mail_id FROM placed)))
    GROUP BY mail.recipient_key, mail.tenant_id
  ), decided AS (
    SELECT mail_id, true AS goes, NULL::timestamptz AS held_until FROM next WHERE urgent
    UNION ALL
    SELECT placed.mail_id, placed.place + coalesce(lately.number, 0) <= $3,
      coalesce(lately.first_at + ${HOUR}, $2::timestamptz + interval '1 minute')
    FROM placed LEFT JOIN lately
      ON lately.recipient_key = placed.recipient_key AND lately.tenant_id IS NOT DISTINCT FROM placed.tenant_id
  ), changed AS (
    UPDATE notifications.mail SET
      status = CASE WHEN goes THEN 'sending' WHEN status = 'sending' THEN 'failed' ELSE status END,
      attempts = attempts + goes::integer,
      claim = CASE WHEN goes THEN $4::uuid END,
      lease_until = CASE WHEN goes THEN clock_timestamp() + make_interval(secs => $5) END,
      held_until = CASE WHEN goes THEN NULL ELSE decided.held_until END
    FROM decided WHERE mail.mail_id = decided.mail_id
    RETURNING mail.*
  )
  SELECT mail_id AS "mailId", message_id AS "messageId", mail_type AS "mailType", tenant_id AS "tenantId",
    project_ids AS "projectIds", recipient, recipient_name AS "recipientName",
    (SELECT language FROM notifications.account WHERE account.user_id = changed.recipient_id) AS language, attempts, status, subject, html, text,
    written_at AS "writtenAt", coalesce(link_expires_at < clock_timestamp() + ${LEAST_LINK_LIFE}, false) AS "linkEnds"
  FROM changed ORDER BY urgent DESC, ordinal`;

/** Which mail is where. All changes of a mail's state happen here. */
@Injectable()
export class Ledger {
  private readonly recordings = new Batcher((mails: readonly ClaimedMail[]) => this.recordSent(mails));

  constructor(
    @InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes mails whose turn it is, so that no other process hands them over. One replica at a time, so that the hourly
   * number of a recipient is exact.
   * @param hurry also those that wait for more of the day
   */
  async claim(limit: number, hurry: boolean): Promise<{ readonly mails: ClaimedMail[]; readonly held: number }> {
    const now = new Date(this.clock.now());
    if (!(await findsAny(this.dataSource, HAS_DUE, [now, hurry]))) return { mails: [], held: 0 };
    const claim = randomUUID();
    const { MAIL_PER_HOUR, MAIL_LEASE_SECONDS } = this.configuration;
    const parameters = [limit, now, MAIL_PER_HOUR, claim, MAIL_LEASE_SECONDS, hurry];
    const rows = await this.dataSource.transaction(async (tx): Promise<ClaimedRow[]> => {
      await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('allotree notifications claims', 0))");
      return tx.query(CLAIM, parameters);
    });
    const mails = rows.filter(({ status }) => status === 'sending').map((row) => claimed(row, claim));
    return { mails, held: rows.length - mails.length };
  }

  /** Before it is first handed over: so that every further time it is the same mail. */
  async keepContent(mails: readonly (ClaimedMail & { readonly content: MailContent })[]): Promise<void> {
    if (mails.length === 0) return;
    const rows = mails.map(({ mailId, content: { writtenAt, ...content } }) => ({
      ...content,
      mailId,
      writtenAt: new Date(writtenAt).toISOString(),
    }));
    await this.dataSource.query(
      `UPDATE notifications.mail
       SET subject = given.subject, html = given.html, text = given.text, written_at = given."writtenAt"
       FROM json_to_recordset($1::json) AS given ("mailId" uuid, subject text, html text, text text, "writtenAt" timestamptz)
       WHERE mail.mail_id = given."mailId"`,
      [JSON.stringify(rows)],
    );
  }

  /** Of mails this process still has in hand. */
  async renewLeases(mails: readonly ClaimedMail[]): Promise<void> {
    await this.dataSource.query(
      `UPDATE notifications.mail SET lease_until = clock_timestamp() + make_interval(secs => $3)
       FROM unnest($1::uuid[], $2::uuid[]) AS given (mail_id, claim)
       WHERE mail.mail_id = given.mail_id AND mail.claim = given.claim AND status = 'sending'`,
      [mails.map(({ mailId }) => mailId), mails.map(({ claim }) => claim), this.configuration.MAIL_LEASE_SECONDS],
    );
  }

  /** Its content is needed no more. False: it was not this process's any more; another one handed it over too, or will. */
  async sent(mail: ClaimedMail): Promise<boolean> {
    return this.recordings.one(mail);
  }

  async failed(mail: ClaimedMail, error: string): Promise<boolean> {
    const pause = Math.min(this.configuration.MAIL_RETRY_SECONDS * 2 ** (mail.attempts - 1), LONGEST_PAUSE_SECONDS);
    return this.leave(
      mail,
      "status = 'failed', error = $3, not_before = clock_timestamp() + make_interval(secs => $4)",
      [error, pause],
    );
  }

  async died(mail: ClaimedMail, error: string): Promise<boolean> {
    return this.leave(mail, "status = 'dead', error = $3", [error]);
  }

  async becameObsolete(mail: ClaimedMail, reason: string): Promise<boolean> {
    return this.leave(mail, "status = 'obsolete', error = $3, html = NULL, text = NULL", [reason]);
  }

  /** Whether there is a mail that could go now, or is being handed over. */
  async isBusy(): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query(
      `SELECT 1 FROM notifications.mail
       WHERE status IN ('pending', 'failed', 'sending')
         AND CASE status
           WHEN 'sending' THEN true
           ELSE (attempts = 0 OR not_before <= clock_timestamp()) AND (held_until IS NULL OR held_until <= $1)
         END
       LIMIT 1`,
      [new Date(this.clock.now())],
    );
    return rows.length > 0;
  }

  private async recordSent(mails: readonly ClaimedMail[]): Promise<boolean[]> {
    const rows: { mail_id: string }[] = await this.dataSource.query(
      `WITH changed AS (
         UPDATE notifications.mail
         SET status = 'sent', sent_at = $3, error = NULL, html = NULL, text = NULL, claim = NULL, lease_until = NULL
         FROM unnest($1::uuid[], $2::uuid[]) AS given (mail_id, claim)
         WHERE mail.mail_id = given.mail_id AND mail.claim = given.claim AND status = 'sending'
         RETURNING mail.mail_id
       ) SELECT * FROM changed`,
      [mails.map(({ mailId }) => mailId), mails.map(({ claim }) => claim), new Date(this.clock.now())],
    );
    const recorded = new Set(rows.map(({ mail_id }) => mail_id));
    return mails.map(({ mailId }) => recorded.has(mailId));
  }

  private async leave({ mailId, claim }: ClaimedMail, change: string, parameters: unknown[]): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query(
      `WITH changed AS (
         UPDATE notifications.mail SET ${change}, claim = NULL, lease_until = NULL
         WHERE mail_id = $1 AND claim = $2 AND status = 'sending' RETURNING mail_id
       ) SELECT * FROM changed`,
      [mailId, claim, ...parameters],
    );
    return rows.length > 0;
  }
}

const claimed = (row: ClaimedRow, claim: string): ClaimedMail => {
  const { mailId, messageId, mailType, tenantId, projectIds, recipient, recipientName, language, attempts } = row;
  const { subject, html, text, writtenAt, linkEnds } = row;
  const content = subject === null ? null : { subject, html, text, writtenAt: writtenAt.getTime() };
  return {
    mailId,
    claim,
    messageId,
    mailType,
    tenantId,
    projectIds,
    recipient,
    recipientName,
    language,
    attempts,
    content,
    linkEnds,
  };
};
