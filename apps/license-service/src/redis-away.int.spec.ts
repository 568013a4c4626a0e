import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LICENSE_EXPIRY_QUEUE, type LicenseExpiryJob } from '@allotree/contracts';
import { Readiness } from '@allotree/basics';
import { JobQueues } from '@allotree/jobs';
import { describeOn, startOwnRedis, type OwnServer } from '@allotree/testing';
import { ExpiryOutbox } from './due/expiry-outbox.js';
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

// The address of the run's own Redis says that this machine has one; the one that is stopped here is another.
describeOn('ALLOTREE_TEST_REDIS_URL', () => {
  describe('the license service whose Redis goes away', () => {
    let redis: OwnServer;
    let service: Service;
    beforeAll(async () => {
      redis = await startOwnRedis();
      service = await Service.start({
        settings: { REDIS_URL: redis.address, DUE_TICK_MS: '100', LOG_LEVEL: 'silent' },
      });
    });
    afterAll(async () => {
      await service.stop();
      await redis.remove();
    });

    it('accepts commands, stays ready, and hands over what became due when it is back', async () => {
      const outbox = service.app.get(ExpiryOutbox, { strict: false });
      const queue = service.app.get(JobQueues, { strict: false }).queue(LICENSE_EXPIRY_QUEUE);
      const readiness = service.app.get(Readiness, { strict: false });
      const handedOver = async (count: number): Promise<void> => {
        const waiting = () =>
          queue.counts().then(
            ({ waiting }) => waiting,
            () => 0,
          );
        while ((await waiting()) < count) await new Promise((resolve) => setTimeout(resolve, 20));
      };
      await outbox.put([{ id: 'ended_before', data: jobAbout('before') }]);
      await handedOver(1);
      expect(await readiness.report()).toEqual({
        ready: true,
        checks: { database: 'up', clock: 'up', jobs: 'up' },
        reasons: {},
      });

      await redis.stop();
      await outbox.put([{ id: 'ended_during', data: jobAbout('during') }]);
      await expect(outbox.handOver()).rejects.toThrow();
      await service.partner('nordlicht');
      const recorded = await service.post('/partners/nordlicht/packages', {
        name: 'Plus',
        units: { sip_number: 10, mobile_app: 10, ukey2: 0 },
        features: [],
        validFrom: '2026-06-01T00:00:00Z',
        validUntil: '2027-06-01T00:00:00Z',
      });
      expect(recorded.status).toBe(201);
      expect(await readiness.report()).toEqual({
        ready: true,
        checks: { database: 'up', clock: 'up', jobs: 'down' },
        reasons: {},
      });

      await redis.start();
      await handedOver(2);
      expect(await queue.states(['ended_before', 'ended_during'])).toEqual(['waiting', 'waiting']);
      expect(await readiness.report()).toEqual({
        ready: true,
        checks: { database: 'up', clock: 'up', jobs: 'up' },
        reasons: {},
      });
    });
  });
});
