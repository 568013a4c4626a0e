import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { CliError } from './exit-codes.js';

/** A delivery of a webhook as it arrived. */
export interface Delivery {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: string;
  /** The header `webhook-signature`. */
  readonly signature: string;
  readonly body: Buffer;
}

/** Checks a signature of one version over the signed content. */
interface Key {
  readonly version: 'v1' | 'v1a';
  readonly isSignedBy: (content: Buffer, signature: Buffer) => boolean;
}

const RAW_BYTES = 32;

function bytesOf(text: string, prefix: string): Buffer {
  const bytes = Buffer.from(text.slice(prefix.length), 'base64');
  if (bytes.length !== RAW_BYTES) throw new CliError(`the key must be ${prefix} and base64 of ${RAW_BYTES} bytes.`);
  return bytes;
}

function secretKey(text: string): Key {
  const secret = bytesOf(text, 'whsec_');
  return {
    version: 'v1',
    isSignedBy: (content, signature) => {
      const expected = createHmac('sha256', secret).update(content).digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    },
  };
}

function publicKey(text: string): Key {
  const x = bytesOf(text, 'whpk_').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return { version: 'v1a', isSignedBy: (content, signature) => verify(null, content, key, signature) };
}

/** The key of an endpoint: `whsec_...` (HMAC) or `whpk_...` (Ed25519). @throws CliError */
export function webhookKey(text: string): Key {
  if (text.startsWith('whsec_')) return secretKey(text);
  if (text.startsWith('whpk_')) return publicKey(text);
  throw new CliError('the key of an endpoint begins with whsec_ (secret) or whpk_ (public key).');
}

/** Whether one of the signatures is of this key (Standard Webhooks 1.0). */
export function isGenuine({ id, timestamp, signature, body }: Delivery, key: Key): boolean {
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  return signature.split(' ').some((one) => {
    const [version, value = ''] = one.split(',');
    return version === key.version && key.isSignedBy(content, Buffer.from(value, 'base64'));
  });
}

const TOLERANCE_SECONDS = 300;

/** Whether a delivery is as young as receivers demand. */
export const isFresh = ({ timestamp }: Delivery, now: number): boolean =>
  Math.abs(now / 1_000 - Number(timestamp)) <= TOLERANCE_SECONDS;
