import { Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { DryRun, RetriedDeliveries, type PreviewAnswer } from '@allotree/contracts';
import { notFound, Caller, Documented, Permit, preview, Problem } from '@allotree/http';
import { rehearse } from '@allotree/read-models';
import { TenantRows } from '@allotree/identity';
import { In, type EntityManager } from 'typeorm';
import { SeenMails } from '../../access/seen-mails.js';
import { Notifications } from '../../notifications.js';
import { RecipientResolver } from '../../notices/recipient-resolver.js';
import { DeliveryPath } from '../../paths.js';
import { MailRow } from '../../persistence/entities.js';
import { DELIVERY_EXAMPLE, showDelivery } from '../show-delivery.js';

@Controller('deliveries')
export class RetryDeliveryController {
  constructor(
    private readonly rows: TenantRows,
    private readonly recipientResolver: RecipientResolver,
    private readonly notifications: Notifications,
    private readonly seen: SeenMails,
  ) {}

  @Documented({
    tag: 'Mail',
    summary: 'Send a mail again that failed: a dead letter, or one that waits for its next attempt',
    description:
      'The mail keeps its Message-ID. For a dead letter without a recipient, the recipients are resolved again; mails to them replace it.',
    response: {
      status: 200,
      schema: RetriedDeliveries,
      example: { deliveries: [{ ...DELIVERY_EXAMPLE, status: 'pending', attempts: 0 }] },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'DELIVERY_NOT_FAILED', 'NO_RECIPIENT'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('mail:manage')
  @HttpCode(200)
  @Post(':id/retry')
  async retry(
    @Param({ schema: DeliveryPath }) { id }: DeliveryPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<RetriedDeliveries | PreviewAnswer> {
    const { principal, dryRun } = caller;
    const asCaller = <Result>(work: (tx: EntityManager) => Promise<Result>): Promise<Result> =>
      this.rows.as(principal, 'mail:manage', work);
    const row = await asCaller(async (tx) => {
      const rows = await this.seen.only(tx.createQueryBuilder(MailRow, 'row'), principal, 'mail:manage');
      return rows.andWhere('row.mailId = :id', { id }).getOne();
    });
    if (row === null) throw notFound('delivery', id);
    const ids =
      row.recipient === null
        ? await this.recipientResolver.addressAgain(id, dryRun)
        : await rehearse(
            dryRun,
            (work: (tx: EntityManager) => Promise<readonly string[]>) => asCaller(work),
            (tx) => again(tx, row),
          );
    if (dryRun) return preview(caller, [{ type: 'mail_queued', data: { deliveryId: id } }]);
    const deliveries = await asCaller((tx) =>
      tx.find(MailRow, { where: { mailId: In([...ids]) }, order: { ordinal: 'ASC' } }),
    );
    this.notifications.wake();
    return { deliveries: deliveries.map(showDelivery) };
  }
}

async function again(tx: EntityManager, { mailId }: MailRow): Promise<readonly string[]> {
  const { affected } = await tx
    .createQueryBuilder()
    .update(MailRow)
    .set({ status: 'pending', attempts: 0, notBefore: () => 'clock_timestamp()', heldUntil: null })
    .where({ mailId, status: In(['dead', 'failed']) })
    .execute();
  if (affected !== 1) throw new Problem('DELIVERY_NOT_FAILED');
  return [mailId];
}
