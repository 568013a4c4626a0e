import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { notArrived, Problem } from '@allotree/http';
import { catchError, from, mergeMap, throwError, type Observable } from 'rxjs';
import { PublishedBefore } from './published-before.js';

const isMissing = (error: unknown): boolean => error instanceof Problem && error.code === 'NOT_FOUND';

/**
 * Before a route answers that something does not exist, it looks again once everything published before is in the tables, and answers
 * 503 `UNAVAILABLE` where that takes too long. A handler that throws `NOT_FOUND` has changed nothing.
 */
@Injectable()
export class LookAgain implements NestInterceptor {
  constructor(private readonly events: PublishedBefore) {}

  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        if (!isMissing(error)) return throwError(() => error);
        return from(this.events.caughtUp()).pipe(
          mergeMap((caughtUp) =>
            next
              .handle()
              .pipe(
                catchError((again: unknown) =>
                  throwError(() => (isMissing(again) && !caughtUp ? notArrived() : again)),
                ),
              ),
          ),
        );
      }),
    );
  }
}
