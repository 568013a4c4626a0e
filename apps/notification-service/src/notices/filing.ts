import { insertRows } from '@allotree/read-models';
import type { LicenseExpiryJob } from '@allotree/contracts';
import { emailKey } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { mailIdentity, type MailIdentity } from '../mails/mail-key.js';
import { MAIL_TYPE_OF } from '../mails/mail-types.js';
import type { Person } from './recipients.js';

/** A notice on its way to one of its recipients. */
export interface Addressed {
  readonly noticeId: string;
  readonly job: LicenseExpiryJob;
  readonly person: Person;
  readonly place: string;
}

export interface Filing {
  /** The address all mails come from. */
  readonly sender: string;
  /** Milliseconds since 1970, of the services' clock. */
  readonly now: number;
  /** How long a new mail waits for more. */
  readonly collectSeconds: number;
}

interface KnownMail {
  readonly mail_id: string;
  readonly digest: string;
  readonly open: boolean;
}

/** Notices share a mail if they have the same kind, tenant, day and recipient (E3). */
const digestOf = ({ job, person }: Addressed): string =>
  [MAIL_TYPE_OF[job.kind], job.tenantId, job.date, emailKey(person.email)].join('|');

/**
 * Puts notices into mails: into the one of the day that is still waiting, or a new one. The key of a mail is its digest
 * with a number, so there is one of a kind. The caller holds the addressing lock.
 */
export async function fileInMails(
  tx: EntityManager,
  addressed: readonly Addressed[],
  filing: Filing,
): Promise<string[]> {
  if (addressed.length === 0) return [];
  const byDigest = new Map<string, Addressed[]>();
  for (const item of addressed) {
    const digest = digestOf(item);
    byDigest.set(digest, [...(byDigest.get(digest) ?? []), item]);
  }
  const known: KnownMail[] = await tx.query(
    `SELECT mail_id, digest, status = 'pending' AND subject IS NULL AS open
     FROM notifications.mail WHERE digest = ANY ($1) FOR UPDATE`,
    [[...byDigest.keys()]],
  );
  const mailOf = await openMails(tx, byDigest, known, filing);
  await insertRows(
    tx,
    'notifications.mail_item',
    { notice_id: 'text', recipient_key: 'text', mail_id: 'uuid', place: 'text' },
    addressed.map((item) => ({
      notice_id: item.noticeId,
      recipient_key: emailKey(item.person.email),
      mail_id: mailOf.get(digestOf(item)),
      place: item.place,
    })),
  );
  await tx.query("UPDATE notifications.notice SET state = 'addressed' WHERE notice_id = ANY ($1)", [
    addressed.map(({ noticeId }) => noticeId),
  ]);
  return [...new Set(mailOf.values())];
}

/** The mail of each digest that takes more: one that waits, or a new one. */
async function openMails(
  tx: EntityManager,
  byDigest: ReadonlyMap<string, readonly Addressed[]>,
  known: readonly KnownMail[],
  filing: Filing,
): Promise<ReadonlyMap<string, string>> {
  const mailOf = new Map<string, string>();
  const fresh: { digest: string; identity: MailIdentity; items: readonly Addressed[] }[] = [];
  for (const [digest, items] of byDigest) {
    const mails = known.filter((mail) => mail.digest === digest);
    const open = mails.find((mail) => mail.open);
    if (open) {
      mailOf.set(digest, open.mail_id);
      await addProjects(tx, open.mail_id, items);
    } else {
      const identity = mailIdentity(`${digest}|${mails.length + 1}`, filing.sender);
      mailOf.set(digest, identity.mailId);
      fresh.push({ digest, identity, items });
    }
  }
  await insertMails(tx, fresh, filing);
  return mailOf;
}

const projectsOf = (items: readonly Addressed[]): string[] => [...new Set(items.map(({ job }) => job.projectId))];

const addProjects = (tx: EntityManager, mailId: string, items: readonly Addressed[]): Promise<unknown> =>
  tx.query(
    `UPDATE notifications.mail
     SET project_ids = (SELECT array_agg(DISTINCT id) FROM unnest(project_ids || $2::text[]) AS id)
     WHERE mail_id = $1`,
    [mailId, projectsOf(items)],
  );

async function insertMails(
  tx: EntityManager,
  mails: readonly { digest: string; identity: MailIdentity; items: readonly Addressed[] }[],
  { now, collectSeconds }: Filing,
): Promise<void> {
  const rows = mails.map(({ digest, identity, items }) => {
    const [first] = items as readonly [Addressed];
    return {
      ...identity,
      digest,
      mailType: MAIL_TYPE_OF[first.job.kind],
      tenantId: first.job.tenantId,
      projectIds: projectsOf(items),
      recipient: first.person.email,
      recipientKey: emailKey(first.person.email),
      recipientName: first.person.name,
      recipientId: first.person.userId ?? null,
    };
  });
  await tx.query(
    `INSERT INTO notifications.mail
       (mail_id, key, digest, message_id, mail_type, status, tenant_id, project_ids, recipient, recipient_key,
        recipient_name, recipient_id, created_at, not_before)
     SELECT "mailId", key, digest, "messageId", "mailType", 'pending', "tenantId", "projectIds", recipient, "recipientKey",
       "recipientName", "recipientId", $2, clock_timestamp() + make_interval(secs => $3)
     FROM json_to_recordset($1::json) AS given ("mailId" uuid, key text, digest text, "messageId" text, "mailType" text,
       "tenantId" text, "projectIds" text[], recipient text, "recipientKey" text, "recipientName" text, "recipientId" text)`,
    [JSON.stringify(rows), new Date(now), collectSeconds],
  );
}
