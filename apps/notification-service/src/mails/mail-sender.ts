import { Inject, Injectable } from '@nestjs/common';
import { linklessText } from '@allotree/contracts';
import { CONFIGURATION, LOGGER, METRICS, allDone, type Logger } from '@allotree/basics';
import { Counter, type Registry } from 'prom-client';
import type { NotificationConfiguration } from '../configuration.js';
import { mailboxOf, headerText, type Mailbox } from '../delivery/mailbox.js';
import { DeliveryFailure, MailDelivery, type Mail } from '../delivery/mail-delivery.js';
import { Ledger, type ClaimedMail, type MailContent } from './ledger.js';
import { Writer, type Written } from './writer.js';

type Outcome = 'sent' | 'failed' | 'dead' | 'obsolete';

/** Mails in progress at once; the connections to the mail server are fewer. */
const IN_HAND = 64;

/** Hands mails over: claims them, has them written, keeps what was written, delivers it, records what became of it. */
@Injectable()
export class MailSender {
  private readonly inHand = new Set<ClaimedMail>();
  private readonly from: Mailbox;
  private readonly outcomes: Counter<'mail_type' | 'outcome'>;

  constructor(
    private readonly ledger: Ledger,
    private readonly writer: Writer,
    private readonly delivery: MailDelivery,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METRICS) metrics: Registry,
  ) {
    this.from = mailboxOf(configuration.MAIL_FROM) ?? { name: null, address: configuration.MAIL_FROM };
    this.outcomes = new Counter({
      name: 'mail_deliveries_total',
      help: 'Mails that were handed over, by what became of it',
      labelNames: ['mail_type', 'outcome'],
      registers: [metrics],
    });
  }

  /**
   * One round.
   * @param hurry also mails that wait for more of the day
   * @returns how many mails were looked at
   */
  async round(hurry: boolean): Promise<number> {
    const { mails, held } = await this.ledger.claim(IN_HAND, hurry);
    if (mails.length === 0) return held;
    for (const mail of mails) this.inHand.add(mail);
    const renewal = this.keepLeases();
    try {
      const written = await this.writer.write(mails);
      await this.ledger.keepContent(written.filter(isFresh).map(({ mail, content }) => ({ ...mail, content })));
      // Their leases are renewed until each of them is handed over, also where one could not be recorded.
      await allDone(written.map((one) => this.handOver(one)));
    } finally {
      clearInterval(renewal);
      for (const mail of mails) this.inHand.delete(mail);
    }
    return mails.length + held;
  }

  /** Lets go of the mail server; what is in hand fails. */
  async close(): Promise<void> {
    await this.delivery.close();
  }

  private async handOver(written: Written): Promise<void> {
    const { mail } = written;
    if (written.kind === 'obsolete') {
      return this.record(mail, 'obsolete', await this.ledger.becameObsolete(mail, written.reason));
    }
    // It may be this very mail that ends the process.
    if (mail.attempts > this.configuration.MAIL_ATTEMPTS) {
      return this.record(mail, 'dead', await this.ledger.died(mail, TOO_OFTEN));
    }
    if (written.kind === 'broken') return this.record(mail, 'dead', await this.ledger.died(mail, written.error));
    try {
      await this.delivery.deliver(this.mailOf(mail, written.content));
    } catch (error) {
      return this.recordFailure(mail, error as Error);
    }
    await this.record(mail, 'sent', await this.ledger.sent(mail));
  }

  private async recordFailure(mail: ClaimedMail, error: Error): Promise<void> {
    const permanent = error instanceof DeliveryFailure && error.permanent;
    const dead = permanent || mail.attempts >= this.configuration.MAIL_ATTEMPTS;
    const message = error.message.slice(0, 2_000);
    this.logger.warn(
      { err: error, mail: mail.mailId, attempt: mail.attempts, dead },
      'a mail could not be handed over',
    );
    if (dead) return this.record(mail, 'dead', await this.ledger.died(mail, message));
    return this.record(mail, 'failed', await this.ledger.failed(mail, message));
  }

  private async record(mail: ClaimedMail, outcome: Outcome, recorded: boolean): Promise<void> {
    this.outcomes.inc({ mail_type: mail.mailType, outcome });
    if (recorded) return;
    this.logger.warn(
      { mail: mail.mailId, messageId: mail.messageId, outcome },
      'another process took this mail over in between; its Message-ID identifies a duplicate',
    );
  }

  private mailOf(
    { mailId, messageId, mailType, tenantId, projectIds, ...mail }: ClaimedMail,
    content: MailContent,
  ): Mail {
    return {
      ...content,
      mailId,
      messageId,
      from: this.from,
      to: { name: headerText(linklessText(mail.recipientName ?? '')) || null, address: mail.recipient },
      about: { mailType, tenantId, projectIds },
    };
  }

  private keepLeases(): NodeJS.Timeout {
    const renew = async (): Promise<void> => {
      try {
        await this.ledger.renewLeases([...this.inHand]);
      } catch (error) {
        this.logger.warn({ err: error }, 'the leases of mails in hand could not be renewed');
      }
    };
    const timer = setInterval(
      () => {
        renew().catch(() => undefined);
      },
      (this.configuration.MAIL_LEASE_SECONDS * 1_000) / 3,
    );
    return timer.unref();
  }
}

const TOO_OFTEN = 'Its process ended each time while handing it over';

const isFresh = (one: Written): one is Extract<Written, { kind: 'written' }> =>
  one.kind === 'written' && one.mail.content === null;
