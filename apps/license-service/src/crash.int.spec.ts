import { describe, expect, it } from '@jest/globals';
import type { CommandContext } from '@allotree/event-sourcing';
import { Service, units } from './service-under-test.harness.js';

const context = (commandId: string): CommandContext => ({
  commandId,
  correlationId: 'correlation',
  causationId: null,
  actor: 'user:admin',
  tenantId: null,
});

/** Runs work on the streams alone, as a process that ends before anything behind the store happens. */
async function endingAfter(work: (service: Service) => Promise<unknown>): Promise<Service> {
  const first = await Service.start();
  const plus = await first.nordlicht();
  await first.partner('hansen', 'nordlicht');
  await first.project('hafenblick');
  await first.settled();
  await first.subscriptions.stop();
  await work(Object.assign(first, { plus }));
  return Service.start({ database: await first.leave() });
}

const part = { partnerId: 'nordlicht', features: null, validFrom: null, validUntil: null };

describe('a process that ends between the two halves', () => {
  it('of an issue: the license is granted by the next, once', async () => {
    const service = await endingAfter(async (first) => {
      const { plus: packageId } = first as unknown as { plus: string };
      const project = { projectId: 'hafenblick', timeZone: 'UTC' };
      const issue = { type: 'IssueUnits', ...part, packageId, licenseId: 'license', ...project } as const;
      const outcome = await first.stocks.execute(
        'nordlicht',
        { ...issue, now: first.clock.now(), units: units(120, 100, 10) },
        context('issue'),
      );
      expect(outcome.kind).toBe('accepted');
      expect((await first.get('/projects/hafenblick/licenses')).body.items).toEqual([]);
    });
    await service.settled();
    const { items } = (await service.get('/projects/hafenblick/licenses')).body;
    expect(items).toMatchObject([{ licenseId: 'license', type: 'plus', units: units(120, 100, 10), status: 'active' }]);
    const [stocked] = (await service.get('/partners/nordlicht/stock')).body.packages;
    expect(stocked.available).toEqual(units(880, 700, 90));
    await service.stop();
  });

  it('of a sale: the buyer is credited by the next, once', async () => {
    const service = await endingAfter(async (first) => {
      const { plus: packageId } = first as unknown as { plus: string };
      const sale = { type: 'SellPackage', ...part, packageId, soldPackageId: 'sold', toPartnerId: 'hansen' } as const;
      await first.stocks.execute('nordlicht', { ...sale, now: first.clock.now(), units: units(10) }, context('sale'));
      expect((await first.get('/partners/hansen/stock')).body.packages).toEqual([]);
    });
    await service.settled();
    expect((await service.get('/partners/hansen/stock')).body.packages).toMatchObject([
      { packageId: 'sold', units: units(10), available: units(10) },
    ]);
    await service.stop();
  });

  it('leaves what was accepted, and an idempotency key finds it', async () => {
    const first = await Service.start();
    await first.partner('nordlicht');
    const send = (service: Service) =>
      service.post('/partners/nordlicht/packages', { name: 'Plus', units: units(5) }, { 'idempotency-key': 'once' });
    const answer = await send(first);
    // The answer was lost with the process.
    await first.rows("UPDATE http.idempotent_request SET answer = NULL, lease_until = '-infinity'");
    const second = await Service.start({ database: await first.leave() });
    expect(await second.recordedWhile(async () => expect((await send(second)).body).toEqual(answer.body))).toEqual([]);
    await second.stop();
  });
});
