import { historyOf, Subscriptions, type EventStore } from '@allotree/event-sourcing';
import type { Leases } from '@allotree/leases';
import type { Logger } from '@allotree/basics';
import type { BusPublisher } from '@allotree/bus';
import { poolOf } from '@allotree/read-models';
import type { ServiceMetrics } from '@allotree/service';
import type { DataSource } from 'typeorm';
import type { Devices } from './devices/devices.js';
import { finishAdding } from './devices/add-device/finish-adding.reactor.js';
import { catalogueView } from './devices/keep-catalogue/catalogue-view.projection.js';
import { moveDeviceClaims } from './devices/move-claims/move-claims.reactor.js';
import { releaseDevices } from './devices/remove-device/release-devices.reactor.js';
import { membershipView } from './access/keep-memberships/membership-view.projection.js';
import { PUBLISH_GROUPS, publishGroups, publishGroupsHistory } from './feed/publish-groups/publish-groups.reactor.js';
import { partnerView } from './partners/list-partners/partner-view.projection.js';
import { finishDeparture } from './groups/move-group/finish-departure.reactor.js';
import { auditView } from './identity/audit/audit-trail/audit-view.projection.js';
import { finishJoining } from './partners/decide-join-requests/finish-joining.reactor.js';
import { joinRequestView } from './partners/decide-join-requests/join-request-view.projection.js';
import type { JoinRequests } from './partners/join-requests.js';
import type { FinishClosing } from './partners/close-partner/finish-closing.js';
import { finishClosing } from './partners/close-partner/finish-closing.reactor.js';
import { finishRegistration } from './partners/register-partner/finish-registration.reactor.js';
import { treeView } from './projects/tree-view/tree-view.projection.js';
import { GROUPS } from './tokens.js';
import type { Trees } from './groups/trees.js';

export interface SubscribingParts {
  readonly store: EventStore;
  readonly dataSource: DataSource;
  readonly logger: Logger;
  readonly leases: Leases;
  readonly metrics: ServiceMetrics;
  readonly bus: BusPublisher;
  readonly trees: Trees;
  readonly devices: Devices;
  readonly joinRequests: JoinRequests;
  readonly closing: FinishClosing;
}

/** All subscriptions of the service, not started yet. */
export async function groupSubscriptions({
  store,
  dataSource,
  logger,
  leases,
  metrics,
  bus,
  trees,
  devices,
  joinRequests,
  closing,
}: SubscribingParts): Promise<Subscriptions> {
  const subscriptions = new Subscriptions({
    store,
    dataSource,
    schema: GROUPS,
    leases,
    logger,
    metrics: metrics.subscriptionsOf(GROUPS),
  });
  metrics.watchSubscriptions(GROUPS, subscriptions);
  metrics.watchPool(GROUPS, poolOf(dataSource));
  subscriptions.projection(partnerView);
  subscriptions.projection(joinRequestView);
  subscriptions.projection(catalogueView);
  subscriptions.projection(treeView);
  subscriptions.projection(membershipView);
  subscriptions.projection(auditView);
  subscriptions.reactor(publishGroups(bus));
  subscriptions.reactor(finishRegistration(trees));
  subscriptions.reactor(finishJoining(joinRequests));
  subscriptions.reactor(finishClosing(closing));
  subscriptions.reactor(finishDeparture(trees));
  subscriptions.reactor(finishAdding(devices));
  subscriptions.reactor(releaseDevices(devices));
  subscriptions.reactor(moveDeviceClaims(devices, logger));
  const history = await historyOf({ dataSource, schema: GROUPS, publisher: PUBLISH_GROUPS }, publishGroupsHistory(bus));
  if (history !== null) subscriptions.reactor(history);
  return subscriptions;
}
