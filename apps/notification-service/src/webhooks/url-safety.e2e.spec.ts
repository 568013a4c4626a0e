import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Service } from '../service-under-test.harness.js';
import { licensing } from './webhook-events.fixture.js';
import { WebhookSink } from './webhook-sink.harness.js';

let service: Service;
let sink: WebhookSink;
let nord: Record<string, string>;

beforeAll(async () => {
  service = await Service.start();
  sink = await WebhookSink.start();
  nord = await service.manager('nordlicht');
});
afterAll(async () => {
  await sink.stop();
  await service.stop();
});

const PUBLIC = 'https://8.8.8.8/hook';
const endpoints = () => service.rows('SELECT * FROM notifications.webhook_endpoint');
const refusal = { status: 400, body: { code: 'URL_NOT_ALLOWED', field: 'url' } };

const BAD = [
  'http://8.8.8.8/',
  'https://127.0.0.1/',
  'https://127.1:8443/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[64:ff9b::169.254.169.254]/',
  'https://169.254.169.254/latest/meta-data/',
  'https://[fd00:ec2::254]/',
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://224.0.0.1/',
  'https://0.0.0.0/',
  'https://[fe80::1]/',
  'https://localhost/',
  'https://a.localhost./',
  'https://metadata.google.internal/',
  'https://postgres/',
  'https://user:password@8.8.8.8/',
  'https://8.8.8.8/#fragment',
];

describe('a URL inside the network', () => {
  it('is refused for a new endpoint and for another URL of one, and nothing is kept', async () => {
    for (const url of BAD)
      expect({ url, ...(await service.post('/webhook-endpoints', { url }, nord)) }).toMatchObject({ url, ...refusal });
    expect(await endpoints()).toEqual([]);
    const { body } = await service.post('/webhook-endpoints', { url: PUBLIC }, nord);
    const before = await endpoints();
    for (const url of BAD)
      expect(await service.request('PATCH', `/webhook-endpoints/${body.endpointId}`, { url }, nord)).toMatchObject(
        refusal,
      );
    expect(await endpoints()).toEqual(before);
    await service.delete(`/webhook-endpoints/${body.endpointId}`, nord);
  });

  it('is not sent to, even where it was kept before or leads there by now', async () => {
    const { body } = await service.post('/webhook-endpoints', { url: PUBLIC }, nord);
    for (const url of [sink.url(), sink.url().replace('http:', 'https:')]) {
      await service.rows('UPDATE notifications.webhook_endpoint SET url = $1', [url]);
      await service.publishEvents(licensing(`to ${url}`, { subject: `p${url.length}` }));
      const path = `/webhook-endpoints/${body.endpointId}/deliveries`;
      let one: { error: string | null } | undefined;
      while (typeof one?.error !== 'string') [one] = (await service.request('GET', path, undefined, nord)).body.items;
      expect(one).toMatchObject({ status: 'pending', responseStatus: null });
      expect(one.error).toMatch(/does not begin with https|has no public address/);
    }
    expect(sink.connections).toBe(0);
  });
});
