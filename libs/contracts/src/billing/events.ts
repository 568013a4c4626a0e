import { z } from 'zod';
import { eventSchema, type CloudEvent } from '../cloud-event.js';
import { Id, IsoInstant } from '../http/common.js';
import { AccountId, CurrencyCode, PartyOf } from './words.js';

const document = {
  documentId: Id,
  accountId: AccountId,
  /** Of the document in its account, from 1 on without gaps. */
  number: z.int().min(1),
  seller: PartyOf,
  buyer: PartyOf,
  period: z.object({ from: IsoInstant, until: IsoInstant }),
  timeZone: z.string(),
  currency: CurrencyCode.nullable(),
  total: z.string().nullable(),
  lineCount: z.int().min(0),
  /** SHA-256 of the canonical JSON (RFC 8785) of the content. */
  hash: z.string(),
  previousHash: z.string().nullable(),
  /** A detached JWS (RFC 7797) of the canonical JSON. */
  signature: z.string(),
};

/**
 * The integration events of what is billed: CloudEvent type -> shape of `data`. The subject is the buyer, a partner or project. The lines
 * are in `GET /statements/{documentId}`.
 */
export const BILLING_EVENTS = {
  'allotree.statement-issued.v1': z.object(document),
  /** Takes back lines of the statement `creditOf`. */
  'allotree.credit-note-issued.v1': z.object({ ...document, creditOf: Id, reason: z.string() }),
} as const;

export type BillingEventType = keyof typeof BILLING_EVENTS;
export type BillingEventData<Type extends BillingEventType> = z.infer<(typeof BILLING_EVENTS)[Type]>;
export type BillingEvent = { [Type in BillingEventType]: CloudEvent<BillingEventData<Type>, Type> }[BillingEventType];

/** The JSON Schema of the whole CloudEvent of this type. */
export const billingEventSchema = (type: BillingEventType): object => eventSchema(type, BILLING_EVENTS[type]);
