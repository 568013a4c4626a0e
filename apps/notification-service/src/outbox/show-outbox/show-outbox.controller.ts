import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import {
  AccountMailJob,
  OUTBOX,
  OutboxMail,
  OutboxPage,
  OutboxQuery,
  type OutboxItem,
  type PageOf,
} from '@allotree/contracts';
import { emailKey } from '@allotree/domain';
import { notFound, Caller, Documented, Permit } from '@allotree/http';
import { applyFilter, columnsOf, pageOfRows } from '@allotree/read-models';
import { TenantRows } from '@allotree/identity';
import type { SelectQueryBuilder } from 'typeorm';
import { z } from 'zod';
import { SeenMails } from '../../access/seen-mails.js';
import { OutboxPath } from '../../paths.js';
import { OutboxRow } from '../../persistence/entities.js';

const item: OutboxItem = {
  outboxId: '3f0c2d4a-1b2c-8d3e-9f40-51a2b3c4d5e6',
  to: 'ada@nordlicht.example',
  subject: 'Hafenblick: licenses end in 30 days',
  mailType: 'license_expiry_reminder',
  projectIds: ['hafenblick'],
  sentAt: '2026-11-01T07:00:30.000Z',
};

const showItem = ({ outboxId, recipient, subject, mailType, projectIds, sentAt }: OutboxRow): OutboxItem => ({
  outboxId,
  to: recipient,
  subject,
  mailType,
  projectIds,
  sentAt: sentAt.toISOString(),
});

const COLUMNS = columnsOf(OUTBOX.filters, { outboxId: 'CAST(row.outboxId AS text)', to: 'row.recipient' });

/** A mail shown in a browser: it loads pictures and nothing else, runs nothing, and is shown in nobody's page but ours. */
const NOTHING_RUNS =
  "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups";

/** The embedded mail box: only there where mails are not sent by SMTP. */
@Controller('outbox')
export class ShowOutboxController {
  constructor(
    private readonly rows: TenantRows,
    private readonly seen: SeenMails,
  ) {}

  @Documented({
    tag: 'Mail',
    summary: 'List the mails of the embedded mail box, the newest first',
    response: { schema: OutboxPage, example: { items: [item], nextCursor: null } },
    list: OUTBOX,
    problems: ['VALIDATION'],
  })
  @Permit('mail:read')
  @Get()
  async list(
    @Query({ schema: OutboxQuery }) query: OutboxQuery,
    @Caller() caller: Caller,
  ): Promise<PageOf<OutboxItem>> {
    return this.open(caller, (rows) => {
      const { to, projectId } = query;
      if (to !== undefined) rows.andWhere('row.recipientKey = :to', { to: emailKey(to) });
      if (projectId !== undefined) rows.andWhere('row.projectIds @> ARRAY[:projectId]::text[]', { projectId });
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfRows(rows, query, showItem);
    });
  }

  @Documented({
    tag: 'Mail',
    summary: 'Show a mail of the embedded mail box',
    response: {
      schema: OutboxMail,
      example: {
        ...item,
        recipientName: 'Ada Berg',
        from: 'Allotree <no-reply@allotree.local>',
        messageId: '<3f0c2d4a-1b2c-8d3e-9f40-51a2b3c4d5e6@allotree.local>',
        html: '<p>Hello Ada Berg, ...</p>',
        text: 'Hello Ada Berg, ...\n',
      },
    },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('mail:read')
  @Get(':id')
  async one(@Param({ schema: OutboxPath }) { id }: OutboxPath, @Caller() caller: Caller): Promise<OutboxMail> {
    const row = await this.mail(id, caller);
    const { recipientName, sender, messageId, html, text } = row;
    return { ...showItem(row), recipientName, from: sender, messageId, html, text };
  }

  @Documented({
    tag: 'Mail',
    summary: 'Show a mail of the embedded mail box as its recipient sees it',
    response: { schema: z.string(), example: '<!doctype html>...', mediaType: 'text/html' },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('mail:read')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', NOTHING_RUNS)
  @Header('referrer-policy', 'no-referrer')
  @Get(':id/html')
  async html(@Param({ schema: OutboxPath }) { id }: OutboxPath, @Caller() caller: Caller): Promise<string> {
    return (await this.mail(id, caller)).html;
  }

  private async mail(id: string, caller: Caller): Promise<OutboxRow> {
    const row = await this.open(caller, (rows) =>
      rows.addSelect(['row.html', 'row.text']).andWhere('row.outboxId = :id', { id }).getOne(),
    );
    if (row === null) throw notFound('mail', id);
    return row;
  }

  /** Mails about accounts hold what lets their reader in: nobody reads those of others but who runs the system. */
  private open<Result>(
    { principal }: Caller,
    look: (rows: SelectQueryBuilder<OutboxRow>) => Promise<Result>,
  ): Promise<Result> {
    return this.rows.as(principal, 'mail:read', async (tx) => {
      const rows = await this.seen.only(tx.createQueryBuilder(OutboxRow, 'row'), principal, 'mail:read');
      const accountMails = AccountMailJob.shape.mailType.options;
      if (!principal.serverAdministrator) rows.andWhere('row.mailType <> ALL(:accountMails)', { accountMails });
      return look(rows);
    });
  }
}
