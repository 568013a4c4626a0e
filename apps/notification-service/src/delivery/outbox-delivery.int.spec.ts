import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { emailKey } from '@allotree/domain';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import type { DataSource } from 'typeorm';
import { openDataSource } from '../persistence/data-source.js';
import { OutboxRow } from '../persistence/entities.js';
import { mailContract, mailOf } from './mail-contract.harness.js';
import { OutboxDelivery } from './outbox-delivery.js';

// Real backends, started and stopped, on whatever machine this is.
jest.setTimeout(60_000);

let database: TestDatabase;
let dataSource: DataSource;
let delivery: OutboxDelivery;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.connectionString);
  delivery = new OutboxDelivery(dataSource.getRepository(OutboxRow));
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

mailContract('the outbox', {
  delivery: () => delivery,
  arrived: async () => {
    const rows = await dataSource
      .getRepository(OutboxRow)
      .createQueryBuilder('row')
      .addSelect(['row.html', 'row.text'])
      .orderBy('row.ordinal')
      .getMany();
    return rows.map(({ messageId, sender, recipient, subject, html, text }) => ({
      messageId,
      from: /<(.*)>$/.exec(sender)?.[1] ?? sender,
      to: recipient,
      subject,
      html,
      text,
      headers: [],
    }));
  },
});

describe('the outbox', () => {
  it('finds a mail by every spelling of its address', async () => {
    const mail = mailOf({ to: { name: null, address: 'Zoe@MÜNCHEN.example' } });
    await delivery.deliver(mail);
    const rows = dataSource.getRepository(OutboxRow);
    for (const email of ['zoe@münchen.example', 'zoe@xn--mnchen-3ya.example'])
      expect(await rows.findBy({ recipientKey: emailKey(email) })).toMatchObject([
        { recipient: 'Zoe@MÜNCHEN.example' },
      ]);
  });

  it('keeps a mail once', async () => {
    const mail = mailOf();
    await delivery.deliver(mail);
    await delivery.deliver(mail);
    expect(await dataSource.getRepository(OutboxRow).countBy({ messageId: mail.messageId })).toBe(1);
  });
});
