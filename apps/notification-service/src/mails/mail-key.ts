import { createHash } from 'node:crypto';
import { hostOf } from '../delivery/mailbox.js';

/** The identity of a mail, derived from the key of its ledger row: duplicates of a mail share it. */
export interface MailIdentity {
  readonly key: string;
  /** A UUID (version 8). */
  readonly mailId: string;
  /** `<mail id@host of the sender>` */
  readonly messageId: string;
}

export function mailIdentity(key: string, sender: string): MailIdentity {
  const hash = createHash('sha256').update(`mail\n${key}`).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const mailId = hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return { key, mailId, messageId: `<${mailId}@${hostOf(sender)}>` };
}
