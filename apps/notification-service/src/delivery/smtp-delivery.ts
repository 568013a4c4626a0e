import { routableEmail } from '@allotree/domain';
import { createTransport } from 'nodemailer';
import { DeliveryFailure, MailDelivery, type Mail } from './mail-delivery.js';
import type { Mailbox } from './mailbox.js';

export interface SmtpOptions {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: string;
  readonly connections: number;
  /** How long the server may take for each step. */
  readonly timeoutMs?: number;
}

/** A mail may take this multiple of the time of one step, including the wait for a connection. */
const STEPS = 10;

/** Errors of the mail itself, not of the connection or the login. */
const ABOUT_THE_MAIL = new Set(['EENVELOPE', 'EMESSAGE']);

/** Hands mails to an SMTP server over a few connections that are kept. */
export class SmtpDelivery extends MailDelivery {
  private readonly transport;
  private readonly longestMs: number;

  constructor({ url, connections, timeoutMs = 30_000 }: SmtpOptions) {
    super();
    this.longestMs = timeoutMs * STEPS;
    this.transport = createTransport({
      url,
      pool: true,
      maxConnections: connections,
      maxMessages: Infinity,
      // Another attempt is the ledger's to decide: it alone knows how many there were.
      maxRequeues: 0,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    this.transport.on('error', () => undefined);
  }

  async deliver({ messageId, from, to, subject, html, text, writtenAt }: Mail): Promise<string> {
    try {
      const { response } = await this.transport.sendMail({
        messageId,
        from: addressOf(from),
        to: addressOf(to),
        envelope: { from: routableEmail(from.address), to: [routableEmail(to.address)] },
        subject,
        html,
        text,
        date: new Date(writtenAt),
        headers: { 'Auto-Submitted': 'auto-generated' },
        // A server that sends a byte now and then is never too late for a single step.
        signal: AbortSignal.timeout(this.longestMs),
      });
      return response;
    } catch (error) {
      throw failureOf(error as SmtpError, to);
    }
  }

  async close(): Promise<void> {
    this.transport.close({ force: true });
  }
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
}

/** With the domain in ASCII: the client would convert it by other rules than those that addresses are compared by. */
const addressOf = ({ name, address }: Mailbox) => ({ name: name ?? '', address: routableEmail(address) });

/** Beyond ASCII before the @, which a server takes only with the extension SMTPUTF8 (RFC 6531). */
const NEEDS_SMTPUTF8 = /[^ -~].*@/u;

function failureOf({ message, code, responseCode = 0 }: SmtpError, to: Mailbox): DeliveryFailure {
  const permanent = responseCode >= 500 && ABOUT_THE_MAIL.has(code ?? '');
  const hint = permanent && NEEDS_SMTPUTF8.test(to.address) ? '; this address needs a mail server with SMTPUTF8' : '';
  return new DeliveryFailure(`${message}${hint}`, permanent);
}
