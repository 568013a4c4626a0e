import { hash, hkdfSync } from 'node:crypto';
import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { mergeMap, type Observable } from 'rxjs';
import { CONFIGURATION } from '@allotree/basics';
import { MAX_CURSOR } from '@allotree/contracts';
import { pathOf, type ApiRequest } from './caller.js';
import { Problem } from './problem.js';

/** Positions in lists, encrypted so that callers see nothing of them. */
@Injectable()
export class Cursors {
  private readonly key: Uint8Array;

  constructor(@Inject(CONFIGURATION) { TOKEN_SECRET }: { readonly TOKEN_SECRET: string }) {
    this.key = new Uint8Array(hkdfSync('sha256', TOKEN_SECRET, '', 'allotree cursors', 32));
  }

  /** @param list the list, and for whom the cursor is valid */
  encrypt(position: string, list: string): Promise<string> {
    return new EncryptJWT({ position })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(list)
      .encrypt(this.key);
  }

  /** `null`: not a cursor of this list. */
  async decrypt(cursor: string, list: string): Promise<string | null> {
    try {
      const { payload } = await jwtDecrypt<{ position: string }>(cursor, this.key, { audience: list });
      return payload.position;
    } catch {
      return null;
    }
  }
}

/**
 * Encrypts the `nextCursor` of a list and decrypts the `cursor` of a request for it: the route reads and writes plain positions, and callers
 * see nothing of them. `Documented` puts it on every route whose answer is a page. A cursor is valid for the caller who got it, in the tenant
 * and list it came from.
 */
@Injectable()
export class CursorInterceptor extends Cursors implements NestInterceptor {
  async intercept(execution: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (execution.getType() !== 'http') return next.handle();
    const request = execution.switchToHttp().getRequest<ApiRequest>();
    if (request.method !== 'GET') return next.handle();
    const query = request.query as { cursor?: unknown } | undefined;
    // A value that is not a cursor at all is refused by the schema of the list.
    if (typeof query?.cursor === 'string' && query.cursor !== '' && query.cursor.length <= MAX_CURSOR)
      query.cursor = await this.positionOf(query.cursor, listOf(request));
    return next.handle().pipe(mergeMap((answer) => this.withCursor(answer, request)));
  }

  private async withCursor(answer: unknown, request: ApiRequest): Promise<unknown> {
    const { nextCursor } = (answer ?? {}) as { nextCursor?: unknown };
    if (typeof nextCursor !== 'string') return answer;
    return { ...(answer as object), nextCursor: await this.encrypt(nextCursor, listOf(request)) };
  }

  private async positionOf(cursor: string, list: string): Promise<string> {
    const position = await this.decrypt(cursor, list);
    if (position === null) throw Problem.validation('cursor', 'must be the nextCursor of an earlier answer');
    return position;
  }
}

/** The caller, the tenant and the list, in 43 characters. */
const listOf = (request: ApiRequest): string => {
  const { principal } = request;
  return hash('sha256', [principal?.tenantId ?? '', principal?.userId ?? '', pathOf(request)].join('\n'), 'base64url');
};
