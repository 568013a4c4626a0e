import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { StatementKeysAnswer } from '@allotree/contracts';
import { CONFIGURATION } from '@allotree/basics';
import { calculateJwkThumbprint, FlattenedSign, flattenedVerify, importJWK, type JWK } from 'jose';
import type { DataSource } from 'typeorm';
import type { ReportingConfiguration } from '../configuration.js';
import { REPORTING } from '../tokens.js';

export type PublicKey = StatementKeysAnswer['keys'][number];

interface Key {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

const TAKE_TURN = `SELECT pg_advisory_xact_lock(hashtextextended('allotree statement key', 0))`;

/**
 * The key that signs statements: the configured one, or one that is generated once and kept in the database. Public keys of earlier ones stay, so
 * that what they signed can be verified.
 */
@Injectable()
export class SigningKey {
  private key: Promise<Key> | undefined;

  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    @Inject(CONFIGURATION) private readonly configuration: ReportingConfiguration,
  ) {}

  /** A detached JWS (RFC 7797) of a text. */
  async sign(text: string): Promise<string> {
    this.key ??= this.load();
    this.key.catch(() => (this.key = undefined));
    const { kid, privateKey } = await this.key;
    const { protected: header, signature } = await new FlattenedSign(new TextEncoder().encode(text))
      .setProtectedHeader({ alg: 'EdDSA', kid, b64: false, crit: ['b64'] })
      .sign(privateKey);
    return `${header}..${signature}`;
  }

  async publicKeys(): Promise<readonly PublicKey[]> {
    this.key ??= this.load();
    this.key.catch(() => (this.key = undefined));
    await this.key;
    const rows: { public_key: PublicKey }[] = await this.dataSource.query(
      `SELECT public_key FROM ${REPORTING}.statement_key ORDER BY created_at, kid`,
    );
    return rows.map(({ public_key }) => public_key);
  }

  private async load(): Promise<Key> {
    const configured = this.configuration.STATEMENT_SIGNING_KEY;
    return this.dataSource.transaction(async (tx) => {
      await tx.query(TAKE_TURN);
      const [kept]: { private_key: string }[] = await tx.query(
        `SELECT private_key FROM ${REPORTING}.statement_key WHERE private_key IS NOT NULL ORDER BY created_at DESC LIMIT 1`,
      );
      const pem = configured ?? kept?.private_key;
      const privateKey = pem === undefined ? generateKeyPairSync('ed25519').privateKey : createPrivateKey(pem);
      const jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
      const kid = await calculateJwkThumbprint(jwk);
      const publicKey = { kty: 'OKP', crv: 'Ed25519', x: jwk.x, kid, use: 'sig', alg: 'EdDSA' };
      const own = configured === undefined ? privateKey.export({ format: 'pem', type: 'pkcs8' }) : null;
      await tx.query(
        `INSERT INTO ${REPORTING}.statement_key (kid, private_key, public_key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
        [kid, own, JSON.stringify(publicKey)],
      );
      return { kid, privateKey };
    });
  }
}

/** Whether a detached JWS is one of these keys over this text. */
export async function isSigned(text: string, signature: string, keys: readonly PublicKey[]): Promise<boolean> {
  const [header, payload, signed] = signature.split('.');
  if (header === undefined || payload !== '' || signed === undefined) return false;
  const jws = { protected: header, payload: text, signature: signed };
  for (const key of keys) {
    try {
      await flattenedVerify(jws, await importJWK(key, 'EdDSA'), { algorithms: ['EdDSA'] });
      return true;
    } catch {
      // Perhaps another one did.
    }
  }
  return false;
}
