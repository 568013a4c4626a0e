import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { RetriedDeliveries } from '@allotree/contracts';
import { Caller, Documented, Permit, Problem } from '@allotree/platform';
import { In, type Repository } from 'typeorm';
import { SeenMails } from '../../access/seen-mails.js';
import { Notifications } from '../../notifications.js';
import { Addressing } from '../../notices/addressing.js';
import { DeliveryPath } from '../../paths.js';
import { MailRow } from '../../persistence/entities.js';
import { notFound } from '../../refusals.js';
import { NOTIFICATIONS } from '../../tokens.js';
import { DELIVERY_EXAMPLE, showDelivery } from '../show-delivery.js';

@Controller('deliveries')
export class RetryDeliveryController {
  constructor(
    @InjectRepository(MailRow, NOTIFICATIONS) private readonly rows: Repository<MailRow>,
    private readonly addressing: Addressing,
    private readonly notifications: Notifications,
    private readonly seen: SeenMails,
  ) {}

  @Documented({
    tag: 'Mail',
    summary: 'Send a mail again that failed: a dead letter, or one that waits for its next attempt',
    description:
      'It keeps its Message-ID. For a dead letter without a recipient one is looked for again; mails to whoever is found take its place.',
    response: {
      status: 200,
      schema: RetriedDeliveries,
      example: { deliveries: [{ ...DELIVERY_EXAMPLE, status: 'pending', attempts: 0 }] },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'DELIVERY_NOT_FAILED', 'NO_RECIPIENT'],
    idempotent: true,
  })
  @Permit('mail:manage')
  @HttpCode(200)
  @Post(':id/retry')
  async retry(
    @Param({ schema: DeliveryPath }) { id }: DeliveryPath,
    @Caller() caller: Caller,
  ): Promise<RetriedDeliveries> {
    const rows = await this.seen.only(this.rows.createQueryBuilder('row'), caller.principal, 'mail:manage');
    const row = await rows.andWhere('row.mailId = :id', { id }).getOne();
    if (row === null) throw notFound('delivery', id);
    const ids = row.recipient === null ? await this.addressing.addressAgain(id) : await this.again(row);
    this.notifications.wake();
    const deliveries = await this.rows.find({ where: { mailId: In([...ids]) }, order: { ordinal: 'ASC' } });
    return { deliveries: deliveries.map(showDelivery) };
  }

  private async again({ mailId }: MailRow): Promise<readonly string[]> {
    const { affected } = await this.rows
      .createQueryBuilder()
      .update()
      .set({ status: 'pending', attempts: 0, notBefore: () => 'clock_timestamp()', heldUntil: null })
      .where({ mailId, status: In(['dead', 'failed']) })
      .execute();
    if (affected !== 1) throw new Problem('DELIVERY_NOT_FAILED');
    return [mailId];
  }
}
