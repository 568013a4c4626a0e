import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** A key of an endpoint: a secret for HMAC, and a pair of Ed25519 keys. */
export interface WebhookKey {
  /** `whsec_` and base64 of 32 bytes. */
  readonly secret: string;
  /** PKCS8, PEM. */
  readonly privateKey: string;
  /** `whpk_` and base64 of 32 bytes. */
  readonly publicKey: string;
}

const SECRET_BYTES = 32;
const SECRET_PREFIX = 'whsec_';
const PUBLIC_PREFIX = 'whpk_';

export function newWebhookKey(): WebhookKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    secret: `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: `${PUBLIC_PREFIX}${rawPublicKey(publicKey).toString('base64')}`,
  };
}

const rawPublicKey = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');

export interface SignedContent {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** The value of `webhook-signature` (Standard Webhooks 1.0): `v1` and `v1a` of every key, the newest first. */
export function signaturesOf({ id, timestamp, body }: SignedContent, keys: readonly WebhookKey[]): string {
  const content = Buffer.from(`${id}.${timestamp}.${body}`);
  const codes = keys.map(({ secret }) => {
    const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  });
  const signatures = keys.map(
    ({ privateKey }) => `v1a,${sign(null, content, createPrivateKey(privateKey)).toString('base64')}`,
  );
  return [...codes, ...signatures].join(' ');
}
