import type { MailTypeName } from '@allotree/contracts';
import type { Mailbox } from './mailbox.js';

/** A mail ready to go: the same content and the same Message-ID however often it is handed over. */
export interface Mail {
  readonly mailId: string;
  /** With its angle brackets. */
  readonly messageId: string;
  readonly from: Mailbox;
  readonly to: Mailbox;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  /** When it was written: milliseconds since 1970. */
  readonly writtenAt: number;
  readonly about: {
    readonly mailType: MailTypeName;
    readonly tenantId: string | null;
    readonly projectIds: readonly string[];
  };
}

/** The way of a mail out of the system. */
export abstract class MailDelivery {
  /**
   * Resolves when the other side has taken the mail on: what it said.
   * @throws DeliveryFailure when it has not, or when nobody knows (the connection broke): the mail may be handed over again
   */
  abstract deliver(mail: Mail): Promise<string>;
  abstract close(): Promise<void>;
}

export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure';

  /** @param permanent the same mail would be turned away again */
  constructor(
    message: string,
    readonly permanent: boolean,
  ) {
    super(message);
  }
}
