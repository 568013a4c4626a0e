import { api, must } from '../api/client.js';

/** What the browser found out about a document without asking the server. */
export interface Checked {
  readonly hash: boolean;
  readonly signature: boolean;
}

const hex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Computes the hash of the file of a document again and checks its signature against the published keys.
 *
 * @returns `null` where the browser has no cryptography, as without TLS
 */
export async function checkDocument(file: string, hash: string, signature: string): Promise<Checked | null> {
  // The type says that it is always there.
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (subtle === undefined) return null;
  const digest = await subtle.digest('SHA-256', new TextEncoder().encode(file));
  return { hash: hex(digest) === hash, signature: await isSigned(file, signature) };
}

async function isSigned(payload: string, jws: string): Promise<boolean> {
  const { flattenedVerify, importJWK } = await import('jose');
  const { keys } = await must(api.GET('/api/v1/statement-keys'));
  const [header = '', , signature = ''] = jws.split('.');
  for (const key of keys) {
    const isGood = await flattenedVerify({ protected: header, payload, signature }, await importJWK(key), {
      crit: { b64: true },
    }).then(
      () => true,
      () => false,
    );
    if (isGood) return true;
  }
  return false;
}
