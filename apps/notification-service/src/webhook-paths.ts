import { z } from 'zod';

/** Parameters of the routes. */
export const WebhookEndpointPath = z.object({ endpointId: z.uuid('must be the id of a webhook endpoint') });
export type WebhookEndpointPath = z.infer<typeof WebhookEndpointPath>;
