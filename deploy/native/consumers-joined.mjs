/** Waits for the consumers of the services: they join their groups some seconds after the processes are ready. */
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import * as license from '../../apps/license-service/dist/consumer-groups.js';
import * as notification from '../../apps/notification-service/dist/consumer-groups.js';
import * as reporting from '../../apps/reporting-service/dist/consumer-groups.js';

const GROUPS = [license, notification, reporting]
  .flatMap(({ CONSUMER_GROUP, ACCESS_GROUP }) => [CONSUMER_GROUP, ACCESS_GROUP])
  .concat(notification.WEBHOOKS_GROUP);
const LONGEST_MS = 30_000;

/**
 * Returns as well when that takes too long: requests wait for a group that is behind.
 *
 * @param {string} [brokers] of a Kafka started here; the bus of others is not waited for
 */
export async function consumersJoined(brokers) {
  if (brokers === undefined) return;
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  const deadline = performance.now() + LONGEST_MS;
  try {
    await admin.connect();
    while (performance.now() < deadline) {
      const { groups } = await admin.describeGroups(GROUPS);
      if (groups.every(({ state, members }) => state === 'Stable' && members.length > 0)) return;
      await delay(100);
    }
  } finally {
    await admin.disconnect();
  }
}
