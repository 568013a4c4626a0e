import { MailTypeName } from '@allotree/contracts';
import { z } from 'zod';

/** Parameters of the routes. */
export const DeliveryPath = z.object({ id: z.uuid('must be the id of a delivery') });
export type DeliveryPath = z.infer<typeof DeliveryPath>;
export const OutboxPath = z.object({ id: z.uuid('must be the id of a mail') });
export type OutboxPath = z.infer<typeof OutboxPath>;
export const TemplatePath = z.object({ mailType: MailTypeName });
export type TemplatePath = z.infer<typeof TemplatePath>;
