import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, UseInterceptors, type CallHandler, type NestInterceptor } from '@nestjs/common';
import { INTERCEPTORS_METADATA } from '@nestjs/common/constants.js';
import type { Observable } from 'rxjs';
import { IdempotencyInterceptor } from './idempotency.js';
import { interceptWrites, releaseReads } from './intercept-writes.js';
import { Permit, Public, SignedIn } from './permit.js';

class First implements NestInterceptor {
  intercept(_execution: unknown, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}
class Second extends First {}

const interceptorsOf = (handler: object): unknown => Reflect.getMetadata(INTERCEPTORS_METADATA, handler);

@Controller('things')
class ThingsController {
  @Permit('projects:read')
  @Get()
  list(): object {
    return {};
  }

  @UseInterceptors(First)
  @Get('first')
  @Permit('projects:read')
  first(): object {
    return {};
  }

  @Permit('projects:manage')
  @Post()
  create(): object {
    return {};
  }

  @SignedIn()
  @UseInterceptors(First)
  @Post('mine')
  createMine(): object {
    return {};
  }

  @Public()
  @Post('public')
  createForAll(): object {
    return {};
  }

  helper(): object {
    return {};
  }
}
const { list, first, create, createMine, createForAll, helper } = ThingsController.prototype;

describe('an idempotency key', () => {
  it('is handled on routes that write for a known caller, and costs nothing on the others', () => {
    releaseReads([ThingsController]);
    expect([list, first, create, createForAll, helper].map(interceptorsOf)).toEqual([
      [],
      [First],
      [IdempotencyInterceptor],
      undefined,
      undefined,
    ]);
  });

  it('is handled on all routes of a controller that declares its access as a whole', () => {
    @SignedIn()
    @Controller('own')
    class OwnController {}
    expect(interceptorsOf(OwnController)).toEqual([IdempotencyInterceptor]);
  });
});

describe('interceptWrites', () => {
  it('applies the interceptor to all routes that write, inside of those they have', () => {
    interceptWrites([ThingsController], Second);
    expect([list, create, createMine, createForAll, helper].map(interceptorsOf)).toEqual([
      [],
      [IdempotencyInterceptor, Second],
      [First, IdempotencyInterceptor, Second],
      [Second],
      undefined,
    ]);
  });
});
