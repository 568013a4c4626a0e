import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { LRUCache } from 'lru-cache';
import type { PlatformConfiguration } from '../configuration/configuration.js';
import type { PlatformRequest } from '../http/caller.js';
import { Problem } from '../http/problem.js';
import { CONFIGURATION } from '../tokens.js';
import { PERMISSION_METADATA, PUBLIC_METADATA } from './permit.js';
import type { Principal, RoutePermission } from './principal.js';
import { verifyToken, type VerifiedToken } from './token.js';

const CACHED_TOKENS = 10_000;

/** Signs every request in by its bearer token and asks whether the route is permitted. */
@Injectable()
export class AuthGuard implements CanActivate {
  /** Verified tokens: on the hot path a token is a lookup, until it expires. */
  private readonly verified = new LRUCache<string, VerifiedToken>({ max: CACHED_TOKENS });
  private readonly routes = new WeakMap<object, RoutePermission | 'public'>();

  constructor(
    private readonly reflector: Reflector,
    @Inject(CONFIGURATION) private readonly configuration: PlatformConfiguration,
  ) {}

  canActivate(execution: ExecutionContext): boolean | Promise<boolean> {
    if (execution.getType() !== 'http') return true;
    const route = this.routeOf(execution);
    if (route === 'public') return true;
    const request = execution.switchToHttp().getRequest<PlatformRequest>();
    const token = bearerOf(request.headers.authorization);
    const known = this.verified.get(token);
    if (known !== undefined && known.expiresAt > Date.now()) return admit(request, known.principal, route);
    return this.verify(token).then((principal) => admit(request, principal, route));
  }

  private async verify(token: string): Promise<Principal> {
    const verified = await verifyToken(token, { secret: this.configuration.TOKEN_SECRET });
    if (verified === null)
      throw new Problem('UNAUTHENTICATED', 'The access token is not valid, or no longer: get a new one');
    this.verified.set(token, verified);
    return verified.principal;
  }

  private routeOf(execution: ExecutionContext): RoutePermission | 'public' {
    const handler = execution.getHandler();
    const known = this.routes.get(handler);
    if (known !== undefined) return known;
    const targets = [handler, execution.getClass()];
    const route =
      this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_METADATA, targets) === true
        ? 'public'
        : this.reflector.getAllAndOverride<RoutePermission | undefined>(PERMISSION_METADATA, targets);
    // Such a route does not pass the check at start (route-inventory.ts); closed all the same.
    if (route === undefined) throw new Problem('FORBIDDEN');
    this.routes.set(handler, route);
    return route;
  }
}

function bearerOf(authorization: string | undefined): string {
  const token = /^Bearer ([^\s]{1,4096})$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new Problem('UNAUTHENTICATED', 'Send an access token: Authorization: Bearer <token>');
  return token;
}

function admit(request: PlatformRequest, principal: Principal, route: RoutePermission): true {
  if (!isPermitted(principal, route)) throw new Problem('FORBIDDEN');
  request.principal = principal;
  return true;
}

/** domain.md, "Roles". The one place that knows what a role may; a server administrator may everything. */
function isPermitted(principal: Principal, _route: RoutePermission): boolean {
  return principal.role === 'server_administrator';
}
