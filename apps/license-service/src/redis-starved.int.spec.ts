import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { LICENSE_EXPIRY_QUEUE, type LicenseExpiryJob } from '@allotree/contracts';
import { Readiness } from '@allotree/basics';
import { JobQueues } from '@allotree/jobs';
import { describeOn, startOwnRedis, type OwnServer } from '@allotree/testing';
import { ExpiryOutbox } from './due/expiry-outbox.js';
import { Redis } from 'ioredis';
import { Service } from './service-under-test.harness.js';

const jobAbout = (groupId: string): LicenseExpiryJob => ({
  kind: 'ended',
  tenantId: 'nordlicht',
  projectId: 'hafenblick',
  projectName: 'Hafenblick',
  timeZone: 'Europe/Berlin',
  groupId,
  groupName: groupId,
  dueAt: '2026-06-01T00:00:00.000Z',
  date: '2026-06-01',
  endedAt: '2026-06-01T00:00:00.000Z',
  stopped: { sip_number: 1, mobile_app: 0, ukey2: 0 },
  featuresOff: [],
  fallback: null,
  recipients: 'administrators',
});

/** A shortage of Redis; `jobs` is what the health of the service reports meanwhile. */
interface Shortage {
  readonly name: string;
  readonly jobs: 'up' | 'down';
  begin(redis: OwnServer, admin: Redis): Promise<unknown>;
  end(redis: OwnServer, admin: Redis): Promise<unknown>;
}

const SHORTAGES: readonly Shortage[] = [
  {
    name: 'cannot be reached',
    jobs: 'down',
    begin: (redis) => redis.stop(),
    end: (redis) => redis.start(),
  },
  {
    name: 'has no connection left',
    jobs: 'down',
    begin: async (_redis, admin) => {
      await admin.config('SET', 'maxclients', '1');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
    end: (_redis, admin) => admin.config('SET', 'maxclients', '1000'),
  },
  {
    name: 'has no memory left',
    jobs: 'up',
    begin: (_redis, admin) => admin.config('SET', 'maxmemory', '1'),
    end: (_redis, admin) => admin.config('SET', 'maxmemory', '0'),
  },
];

// The address of the run's own Redis says that this machine has one; the one that is starved here is another.
describeOn('ALLOTREE_TEST_REDIS_URL', () => {
  describe('the license service', () => {
    let redis: OwnServer;
    let service: Service;
    let admin: Redis;
    beforeAll(async () => {
      redis = await startOwnRedis();
      service = await Service.start({
        settings: { REDIS_URL: redis.address, DUE_TICK_MS: '100', LOG_LEVEL: 'silent' },
      });
      await service.partner('nordlicht');
    });
    beforeEach(() => {
      admin = new Redis(redis.address, { retryStrategy: () => null }).on('error', () => undefined);
    });
    afterEach(() => admin.disconnect());
    afterAll(async () => {
      await service.stop();
      await redis.remove();
    });

    it.each(SHORTAGES)(
      'accepts commands, stays ready, and hands over what became due, when its Redis $name and recovers',
      async ({ name, jobs, begin, end }) => {
        const outbox = service.app.get(ExpiryOutbox, { strict: false });
        const queue = service.app.get(JobQueues, { strict: false }).queue(LICENSE_EXPIRY_QUEUE);
        const readiness = service.app.get(Readiness, { strict: false });
        const id = (when: string): string => `ended_${when}_${SHORTAGES.findIndex((one) => one.name === name)}`;
        const isHandedOver = (...ids: string[]): Promise<boolean> =>
          queue.states(ids).then(
            (states) => states.every((state) => state === 'waiting'),
            () => false,
          );
        const untilJobsAre = (state: 'up' | 'down') =>
          until(async () => (await readiness.report()).checks['jobs'] === state);
        await outbox.put([{ id: id('before'), data: jobAbout('before') }]);
        await until(() => isHandedOver(id('before')));
        await untilJobsAre('up');

        await begin(redis, admin);
        await untilJobsAre(jobs);
        await outbox.put([{ id: id('during'), data: jobAbout('during') }]);
        await expect(outbox.handOver()).rejects.toThrow();
        const recorded = await service.post('/partners/nordlicht/packages', {
          name,
          units: { sip_number: 10, mobile_app: 10, ukey2: 0 },
          features: [],
          validFrom: '2026-06-01T00:00:00Z',
          validUntil: '2027-06-01T00:00:00Z',
        });
        expect(recorded.status).toBe(201);
        expect(await readiness.report()).toEqual({
          ready: true,
          checks: { database: 'up', clock: 'up', jobs },
          reasons: {},
        });

        await end(redis, admin);
        await until(() => isHandedOver(id('before'), id('during')));
        await untilJobsAre('up');
      },
    );
  });
});
