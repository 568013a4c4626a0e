import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { newWebhookKey, signaturesOf, type WebhookKey } from './signatures.js';

const content = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' };

/** As a receiver checks a signature with the public key. */
const isSigned = (signature: string, publicKey: string, { id, timestamp, body } = content): boolean => {
  const key = createPublicKey({
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      x: Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url'),
    },
    format: 'jwk',
  });
  const [version, value = ''] = signature.split(',');
  return (
    version === 'v1a' && verify(null, Buffer.from(`${id}.${timestamp}.${body}`), key, Buffer.from(value, 'base64'))
  );
};

describe('webhook-signature', () => {
  it('has the HMAC of the test vector of Standard Webhooks', () => {
    const key: WebhookKey = { ...newWebhookKey(), secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };
    expect(signaturesOf(content, [key]).split(' ')[0]).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is what the library of Standard Webhooks makes and verifies', () => {
    const key = newWebhookKey();
    const now = new Date();
    const timestamp = Math.floor(now.getTime() / 1_000);
    const body = '{"data":"Zoë 日本 \u{1F3E2}"}';
    const signature = signaturesOf({ id: content.id, timestamp, body }, [key]);
    expect(signature.split(' ')[0]).toBe(new Webhook(key.secret).sign(content.id, now, body));
    const headers = {
      'webhook-id': content.id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signature,
    };
    expect(new Webhook(key.secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(key.secret).verify(`${body} `, headers)).toThrow('No matching signature');
    expect(() => new Webhook(newWebhookKey().secret).verify(body, headers)).toThrow('No matching signature');
  });

  it('has an Ed25519 signature, which is valid for its key and content only', () => {
    const key = newWebhookKey();
    const signature = signaturesOf(content, [key]).split(' ')[1]!;
    expect(isSigned(signature, key.publicKey)).toBe(true);
    expect(isSigned(signature, newWebhookKey().publicKey)).toBe(false);
    for (const change of [{ id: 'other' }, { timestamp: 1 }, { body: '{}' }])
      expect(isSigned(signature, key.publicKey, { ...content, ...change })).toBe(false);
  });

  it('has both of every key while keys overlap', () => {
    const keys = [newWebhookKey(), newWebhookKey()];
    const signatures = signaturesOf(content, keys).split(' ');
    expect(signatures.map((each) => each.split(',')[0])).toEqual(['v1', 'v1', 'v1a', 'v1a']);
    expect(keys.map(({ publicKey }, index) => isSigned(signatures[2 + index]!, publicKey))).toEqual([true, true]);
  });
});
