import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { LicenseExpiryJob } from '@allotree/contracts';
import { Clock, CONFIGURATION } from '@allotree/basics';
import { publicUrl } from '@allotree/http';
import type { DataSource } from 'typeorm';
import type { NotificationConfiguration } from '../configuration.js';
import { Templates } from '../templates/templates.js';
import { valuesOf, type MailItem } from '../templates/values.js';
import { mailLanguageOf } from '../wording/languages.js';
import { daysUntil } from '../wording/wording.js';
import { NOTIFICATIONS } from '../tokens.js';
import type { ClaimedMail, MailContent } from './ledger.js';

export const OVER = 'What it announces was over before it could go out';
export const LINK_ENDED =
  'Its link had ended, or nearly, before it could go out: the recipient can ask for another one';

/** `obsolete`: it would be of no use any more. */
export type Written =
  | { readonly mail: ClaimedMail; readonly kind: 'written'; readonly content: MailContent }
  | { readonly mail: ClaimedMail; readonly kind: 'obsolete'; readonly reason: string }
  | { readonly mail: ClaimedMail; readonly kind: 'broken'; readonly error: string };

interface ItemRow extends MailItem {
  readonly mail_id: string;
}

/** Writes mails from their notices, with the template of the tenant and in the language of the recipient. */
@Injectable()
export class Writer {
  constructor(
    @InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
    private readonly templates: Templates,
    private readonly clock: Clock,
  ) {}

  /** One for each mail, in their order. What was written before stays as it is. */
  async write(mails: readonly ClaimedMail[]): Promise<readonly Written[]> {
    const rows: ItemRow[] = await this.dataSource.query(
      `SELECT item.mail_id, item.place, notice.job
       FROM notifications.mail_item item JOIN notifications.notice USING (notice_id)
       WHERE item.mail_id = ANY ($1) ORDER BY notice.ordinal`,
      [mails.map(({ mailId }) => mailId)],
    );
    const itemsOf = new Map<string, MailItem[]>();
    for (const { mail_id, job, place } of rows) {
      const items = itemsOf.get(mail_id) ?? [];
      items.push({ job, place });
      itemsOf.set(mail_id, items);
    }
    return Promise.all(mails.map((mail) => this.writeOne(mail, itemsOf.get(mail.mailId) ?? [])));
  }

  private async writeOne(mail: ClaimedMail, items: readonly MailItem[]): Promise<Written> {
    const now = this.clock.now();
    const current = items.filter(({ job }) => !isOver(job, now));
    if (items.length > 0 && current.length === 0) return { mail, kind: 'obsolete', reason: OVER };
    if (mail.linkEnds) return { mail, kind: 'obsolete', reason: LINK_ENDED };
    if (mail.content !== null) return { mail, kind: 'written', content: mail.content };
    try {
      const language = mailLanguageOf(mail.language);
      const setting = { recipientName: mail.recipientName, language, publicUrl: publicUrl(this.configuration), now };
      const values = valuesOf(current, setting);
      const content = await this.templates.render(mail.mailType, mail.tenantId, { language, values });
      return { mail, kind: 'written', content: { ...content, writtenAt: now } };
    } catch (error) {
      return { mail, kind: 'broken', error: `It could not be written: ${(error as Error).message}` };
    }
  }
}

/** A reminder that could not go out before the last day is not sent any more: the last mail follows (E2, E5). */
const isOver = (job: LicenseExpiryJob, now: number): boolean =>
  job.kind === 'reminder' && daysUntil(job.validUntil, job.timeZone, now) < 1;
