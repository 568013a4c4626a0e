import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ended, member, reminder, Service } from './service-under-test.spec.js';

// Real backends, started and stopped, on whatever machine this is.
jest.setTimeout(60_000);

let service: Service;
beforeAll(async () => {
  service = await Service.start({ settings: { MAIL_COLLECT_SECONDS: '3600', MAIL_PER_HOUR: '1000' } });
  await service.hafenblick();
});
afterAll(() => service.stop());
beforeEach(async () => {
  await service.rows(
    'TRUNCATE notifications.mail, notifications.mail_item, notifications.notice, notifications.outbox',
  );
});

const told = async () => (await service.outbox()).map(({ to, subject }) => `${to}: ${subject}`);

describe('who is told (E3)', () => {
  it('the administrators of the group', async () => {
    await service.deliver({ one: reminder('a') });
    expect(await told()).toEqual(['kim@nordlicht.example: Hafenblick: licenses end in 30 days']);
  });
});
