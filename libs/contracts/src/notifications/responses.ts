import { z } from 'zod';
import { Id, IsoInstant, pageOf } from '../http/common.js';
import { DeliveryStatusName, MailTypeName } from './words.js';

export const DeliveryItem = z.object({
  deliveryId: Id,
  mailType: MailTypeName,
  status: DeliveryStatusName,
  /** `null`: nobody was found to send it to. */
  to: z.string().nullable(),
  recipientName: z.string().nullable(),
  tenantId: Id.nullable(),
  projectIds: z.array(Id),
  /** `null` until it is first handed over. */
  subject: z.string().nullable(),
  /** The same however often it is handed over: two mails with one Message-ID are one. */
  messageId: z.string(),
  attempts: z.int(),
  /** What went wrong last. */
  error: z.string().nullable(),
  createdAt: IsoInstant,
  /** When it is tried next; `null`: not any more. */
  nextAttemptAt: IsoInstant.nullable(),
  sentAt: IsoInstant.nullable(),
});
export type DeliveryItem = z.infer<typeof DeliveryItem>;
export const DeliveryPage = pageOf(DeliveryItem);

/** The mails that go out now: the one asked for, or for one without a recipient those that take its place. */
export const RetriedDeliveries = z.object({ deliveries: z.array(DeliveryItem) });
export type RetriedDeliveries = z.infer<typeof RetriedDeliveries>;

export const OutboxItem = z.object({
  outboxId: Id,
  to: z.string(),
  subject: z.string(),
  mailType: MailTypeName,
  projectIds: z.array(Id),
  sentAt: IsoInstant,
});
export type OutboxItem = z.infer<typeof OutboxItem>;
export const OutboxPage = pageOf(OutboxItem);

export const OutboxMail = OutboxItem.extend({
  recipientName: z.string().nullable(),
  from: z.string(),
  messageId: z.string(),
  html: z.string(),
  text: z.string(),
});
export type OutboxMail = z.infer<typeof OutboxMail>;

export const MarkerDescription = z.object({
  /** As it is written in a template. */
  marker: z.string(),
  description: z.string(),
  required: z.boolean(),
});

export const TemplateItem = z.object({
  mailType: MailTypeName,
  /** `null`: of every tenant that has none of its own. */
  tenantId: Id.nullable(),
  /** Whether it was changed, for this tenant or for all of them. */
  custom: z.boolean(),
  /** Whether it can be changed for this tenant: mails about accounts are the vendor's. */
  customizable: z.boolean(),
  subject: z.string(),
  markers: z.array(MarkerDescription),
  /** `null`: as delivered. */
  changedAt: IsoInstant.nullable(),
});
export type TemplateItem = z.infer<typeof TemplateItem>;
export const TemplateDetails = TemplateItem.extend({ html: z.string() });
export type TemplateDetails = z.infer<typeof TemplateDetails>;
export const TemplateList = z.object({ items: z.array(TemplateItem) });
export type TemplateList = z.infer<typeof TemplateList>;

export const RenderedMail = z.object({ subject: z.string(), html: z.string(), text: z.string() });
export type RenderedMail = z.infer<typeof RenderedMail>;

export const QueuedTest = z.object({ deliveryId: Id });
export type QueuedTest = z.infer<typeof QueuedTest>;
