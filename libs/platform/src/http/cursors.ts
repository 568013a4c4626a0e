import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import type { PlatformConfiguration } from '../configuration/configuration.js';
import { CONFIGURATION } from '../tokens.js';
import { pathOf, type PlatformRequest } from './caller.js';
import { Problem } from './problem.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LONGEST = 1_000;

/**
 * Encrypts the `nextCursor` of every list and decrypts the `cursor` of every request: routes read and write plain positions, and callers
 * see nothing of them. A cursor is valid for the caller who got it, in the tenant and list it came from.
 */
@Injectable()
export class CursorInterceptor implements NestInterceptor {
  private readonly key: Buffer;

  constructor(@Inject(CONFIGURATION) { TOKEN_SECRET }: PlatformConfiguration) {
    this.key = Buffer.from(hkdfSync('sha256', TOKEN_SECRET, '', 'allotree cursors', 32));
  }

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (execution.getType() !== 'http') return next.handle();
    const request = execution.switchToHttp().getRequest<PlatformRequest>();
    if (request.method !== 'GET') return next.handle();
    const query = request.query as { cursor?: unknown } | undefined;
    // A value that is not a cursor at all is refused by the schema of the list.
    if (typeof query?.cursor === 'string' && query.cursor !== '' && query.cursor.length <= LONGEST)
      query.cursor = this.open(query.cursor, listOf(request));
    return next.handle().pipe(map((answer) => this.sealed(answer, request)));
  }

  private sealed(answer: unknown, request: PlatformRequest): unknown {
    const { nextCursor } = (answer ?? {}) as { nextCursor?: unknown };
    if (typeof nextCursor !== 'string') return answer;
    return { ...(answer as object), nextCursor: this.seal(nextCursor, listOf(request)) };
  }

  private seal(place: string, list: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce, { authTagLength: TAG_BYTES }).setAAD(
      Buffer.from(list),
    );
    return Buffer.concat([nonce, cipher.update(place), cipher.final(), cipher.getAuthTag()]).toString('base64url');
  }

  private open(cursor: string, list: string): string {
    const bytes = Buffer.from(cursor, 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw noCursor();
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(list)).setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString();
    } catch {
      throw noCursor();
    }
  }
}

const noCursor = (): Problem => Problem.validation('cursor', 'must be the nextCursor of an earlier answer');

/** The caller, the tenant and the list. */
const listOf = (request: PlatformRequest): string => {
  const { principal } = request;
  return [principal?.tenantId ?? '', principal?.userId ?? '', pathOf(request)].join('\n');
};
