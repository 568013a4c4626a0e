import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { isFresh, isGenuine, webhookKey } from './webhook-signature.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const body = Buffer.from('{"type":"allotree.license-granted.v1"}');
const at = new Date('2026-06-01T08:00:00Z');
const timestamp = String(at.getTime() / 1_000);
const id = 'e1';

describe('the signature of a delivery', () => {
  it('is verified as Standard Webhooks makes it, among those of other keys', () => {
    const signature = `v1a,AAAA v1,AAAA ${new Webhook(SECRET).sign(id, at, body.toString())}`;
    const delivery = { id, timestamp, signature, body };
    expect(isGenuine(delivery, webhookKey(SECRET))).toBe(true);
    expect(isGenuine({ ...delivery, body: Buffer.from('{}') }, webhookKey(SECRET))).toBe(false);
    expect(isGenuine({ ...delivery, id: 'e2' }, webhookKey(SECRET))).toBe(false);
    expect(isGenuine({ ...delivery, timestamp: '1' }, webhookKey(SECRET))).toBe(false);
    expect(isGenuine(delivery, webhookKey(`whsec_${Buffer.alloc(32, 8).toString('base64')}`))).toBe(false);
  });

  it('is verified with a public key as well', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const key = `whpk_${Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64')}`;
    const content = Buffer.from(`${id}.${timestamp}.${body.toString()}`);
    const signature = `v1a,${sign(null, content, privateKey).toString('base64')}`;
    expect(isGenuine({ id, timestamp, signature, body }, webhookKey(key))).toBe(true);
    expect(isGenuine({ id, timestamp, signature: signature.replace('v1a', 'v1'), body }, webhookKey(key))).toBe(false);
  });

  it('is fresh for five minutes', () => {
    const delivery = { id, timestamp, signature: '', body };
    expect([0, 300_000, 301_000, -301_000].map((ms) => isFresh(delivery, at.getTime() + ms))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(isFresh({ ...delivery, timestamp: 'now' }, at.getTime())).toBe(false);
  });

  it('needs a key of an endpoint', () => {
    expect(() => webhookKey('whsec_AAAA')).toThrow('base64 of 32 bytes');
    expect(() => webhookKey('secret')).toThrow('begins with whsec_');
  });
});
