import { hkdfSync } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { CONFIGURATION, LOGGER, type Logger } from '@allotree/basics';
import { CompactEncrypt, compactDecrypt } from 'jose';
import type { DataSource } from 'typeorm';
import { NOTIFICATIONS } from '../tokens.js';

interface Secrets {
  readonly TOKEN_SECRET: string;
  readonly TOKEN_SECRET_PREVIOUS?: string | undefined;
}

interface KeyRow {
  readonly key_id: string;
  readonly secret: string;
  readonly private_key: string;
}

const keyOf = (secret: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', 'allotree webhook keys', 32));

/** Encrypts what signs webhooks, so that a copy of the database does not contain it. Each text is bound to the row it is in. */
@Injectable()
export class KeyVault implements OnApplicationBootstrap {
  private readonly key: Uint8Array;
  private readonly previousKey: Uint8Array | null;

  constructor(
    @Inject(CONFIGURATION) { TOKEN_SECRET, TOKEN_SECRET_PREVIOUS }: Secrets,
    @InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.key = keyOf(TOKEN_SECRET);
    this.previousKey = TOKEN_SECRET_PREVIOUS === undefined ? null : keyOf(TOKEN_SECRET_PREVIOUS);
  }

  /** While both secrets are set, what the previous one encrypted is encrypted with the new one. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.previousKey === null) return;
    const rows: readonly KeyRow[] = await this.dataSource.query(
      'SELECT key_id, secret, private_key FROM notifications.webhook_key',
    );
    for (const row of rows) await this.lockAgain(row);
  }

  /** @param keyId of the row */
  lock(text: string, keyId: string): Promise<string> {
    return new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keyId })
      .encrypt(this.key);
  }

  /** @throws where it was encrypted with another secret or for another row */
  async unlock(locked: string, keyId: string): Promise<string> {
    try {
      return await opened(locked, keyId, this.key);
    } catch (error) {
      if (this.previousKey === null) throw error;
      return opened(locked, keyId, this.previousKey);
    }
  }

  private async lockAgain({ key_id: keyId, secret, private_key: privateKey }: KeyRow): Promise<void> {
    try {
      const [again, privateAgain] = await Promise.all(
        [secret, privateKey].map(async (locked) => this.lock(await this.unlock(locked, keyId), keyId)),
      );
      await this.dataSource.query(
        'UPDATE notifications.webhook_key SET secret = $2, private_key = $3 WHERE key_id = $1',
        [keyId, again, privateAgain],
      );
    } catch (error) {
      this.logger.warn({ err: error, key: keyId }, 'a webhook key cannot be read with either TOKEN_SECRET');
    }
  }
}

async function opened(locked: string, keyId: string, key: Uint8Array): Promise<string> {
  const { plaintext, protectedHeader } = await compactDecrypt(locked, key);
  if (protectedHeader.kid !== keyId) throw new Error('encrypted for another row');
  return Buffer.from(plaintext).toString();
}
