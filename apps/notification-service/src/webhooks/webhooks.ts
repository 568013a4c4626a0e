import type { Provider, Type } from '@nestjs/common';
import { ChangeEndpointController } from './change-endpoint/change-endpoint.controller.js';
import { CollectEventsController } from './collect-events/collect-events.controller.js';
import { CreateEndpointController } from './create-endpoint/create-endpoint.controller.js';
import { ListWebhookDeliveriesController } from './list-deliveries/list-deliveries.controller.js';
import { ListEndpointsController } from './list-endpoints/list-endpoints.controller.js';
import { ListKeysController } from './list-keys/list-keys.controller.js';
import { RemoveEndpointController } from './remove-endpoint/remove-endpoint.controller.js';
import { ReplayEventsController } from './replay-events/replay-events.controller.js';
import { RotateKeysController } from './rotate-keys/rotate-keys.controller.js';
import { SendTestController } from './send-test/send-test.controller.js';
import { CollectedEvents } from './collected-events.js';
import { DeliveryQueue } from './delivery-queue.js';
import { DisabledMails } from './disabled-mails.js';
import { WebhookEndpoints } from './endpoints.js';
import { HostResolver } from './host-resolver.js';
import { KeyVault } from './key-vault.js';
import { WebhookSender } from './webhook-sender.js';

export const WEBHOOK_CONTROLLERS: readonly Type[] = [
  CollectEventsController,
  CreateEndpointController,
  ListEndpointsController,
  ChangeEndpointController,
  RemoveEndpointController,
  ListWebhookDeliveriesController,
  ReplayEventsController,
  RotateKeysController,
  SendTestController,
  ListKeysController,
];

export const WEBHOOK_PROVIDERS: readonly Provider[] = [
  KeyVault,
  HostResolver,
  DeliveryQueue,
  WebhookSender,
  WebhookEndpoints,
  CollectedEvents,
  DisabledMails,
];
