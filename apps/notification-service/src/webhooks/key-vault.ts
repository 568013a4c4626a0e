import { hkdfSync } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIGURATION } from '@allotree/basics';
import { CompactEncrypt, compactDecrypt } from 'jose';

/** Encrypts what signs webhooks, so that a copy of the database does not contain it. Each text is bound to the row it is in. */
@Injectable()
export class KeyVault {
  private readonly key: Uint8Array;

  constructor(@Inject(CONFIGURATION) { TOKEN_SECRET }: { readonly TOKEN_SECRET: string }) {
    this.key = new Uint8Array(hkdfSync('sha256', TOKEN_SECRET, '', 'allotree webhook keys', 32));
  }

  /** @param keyId of the row */
  lock(text: string, keyId: string): Promise<string> {
    return new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keyId })
      .encrypt(this.key);
  }

  /** @throws where it was encrypted with another `TOKEN_SECRET` or for another row */
  async unlock(locked: string, keyId: string): Promise<string> {
    const { plaintext, protectedHeader } = await compactDecrypt(locked, this.key);
    if (protectedHeader.kid !== keyId) throw new Error('encrypted for another row');
    return Buffer.from(plaintext).toString();
  }
}
