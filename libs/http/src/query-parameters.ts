import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { ApiRequest } from './caller.js';
import { invalid } from './problem.js';

/**
 * Refuses query parameters on routes that take none. Routes that take some name them in a strict schema, which refuses the rest. Ignoring a
 * parameter could be harmful: `?dryRun=true` on a route that does not support it. A guard, because a global interceptor would wrap every
 * request in observables.
 */
@Injectable()
export class QueryParametersGuard implements CanActivate {
  private readonly takers = new WeakMap<object, boolean>();

  canActivate(execution: ExecutionContext): true {
    if (execution.getType() === 'http' && !this.takesQuery(execution)) refuseAny(execution);
    return true;
  }

  private takesQuery(execution: ExecutionContext): boolean {
    const handler = execution.getHandler();
    const known = this.takers.get(handler);
    if (known !== undefined) return known;
    const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, execution.getClass(), handler.name) ?? {}) as object;
    const takes = Object.keys(args).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
    this.takers.set(handler, takes);
    return takes;
  }
}

function refuseAny(execution: ExecutionContext): void {
  const { url, query } = execution.switchToHttp().getRequest<ApiRequest>();
  // Health checks and metrics accept any query.
  if (!url.includes('?') || !url.startsWith('/api/')) return;
  const given = Object.keys(query ?? {});
  if (given.length > 0) throw invalid(given.slice(0, 100).map((field) => ({ field, message: 'is not known' })));
}
