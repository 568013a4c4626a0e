import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { LRUCache } from 'lru-cache';
import type { PlatformConfiguration } from '../configuration/configuration.js';
import type { PlatformRequest } from '../http/caller.js';
import { Problem } from '../http/problem.js';
import { CONFIGURATION } from '../tokens.js';
import { Authorization, EVERY_PERMISSION } from './authorization.js';
import { PERMISSION_METADATA, PUBLIC_METADATA, SIGNED_IN_METADATA, type RoutePermission } from './permit.js';
import type { Principal } from './principal.js';
import { verifyToken, type VerifiedToken } from './token.js';

const CACHED_TOKENS = 10_000;

type Route = RoutePermission | 'signed-in' | 'public';

/** Signs every request in by its bearer token and asks whether the route is permitted. */
@Injectable()
export class AuthGuard implements CanActivate {
  /** Verified tokens: on the hot path a token is a lookup, until it expires. */
  private readonly verified = new LRUCache<string, VerifiedToken>({ max: CACHED_TOKENS });
  private readonly routes = new WeakMap<object, Route>();

  constructor(
    private readonly reflector: Reflector,
    private readonly authorization: Authorization,
    @Inject(CONFIGURATION) private readonly configuration: PlatformConfiguration,
  ) {}

  canActivate(execution: ExecutionContext): boolean | Promise<boolean> {
    if (execution.getType() !== 'http') return true;
    const route = this.routeOf(execution);
    if (route === 'public') return true;
    const request = execution.switchToHttp().getRequest<PlatformRequest>();
    const token = bearerOf(request.headers.authorization);
    const known = this.verified.get(token);
    const controller = execution.getClass();
    if (known !== undefined && known.expiresAt > Date.now())
      return this.admit(request, known.principal, route, controller);
    return this.verify(token).then((principal) => this.admit(request, principal, route, controller));
  }

  private async verify(token: string): Promise<Principal> {
    const verified = await verifyToken(token, { secret: this.configuration.TOKEN_SECRET });
    if (verified === null)
      throw new Problem('UNAUTHENTICATED', 'The access token is not valid, or no longer: get a new one');
    this.verified.set(token, verified);
    return verified.principal;
  }

  private admit(
    request: PlatformRequest,
    principal: Principal,
    route: RoutePermission | 'signed-in',
    controller: NewableFunction,
  ): true | Promise<true> {
    request.principal = principal;
    if (principal.serverAdministrator) request.permissions = EVERY_PERMISSION;
    if (principal.serverAdministrator || route === 'signed-in') return true;
    return this.authorization.permissions(request, principal, route, controller).then((permissions) => {
      request.permissions = permissions;
      return true;
    });
  }

  private routeOf(execution: ExecutionContext): Route {
    const handler = execution.getHandler();
    const known = this.routes.get(handler);
    if (known !== undefined) return known;
    const route = this.readRoute([handler, execution.getClass()]);
    // Such a route does not pass the check at start (route-inventory.ts); closed all the same.
    if (route === undefined) throw new Problem('FORBIDDEN');
    this.routes.set(handler, route);
    return route;
  }

  private readRoute(targets: Parameters<Reflector['getAllAndOverride']>[1]): Route | undefined {
    const isMarked = (key: string): boolean =>
      this.reflector.getAllAndOverride<boolean | undefined>(key, targets) === true;
    if (isMarked(PUBLIC_METADATA)) return 'public';
    if (isMarked(SIGNED_IN_METADATA)) return 'signed-in';
    return this.reflector.getAllAndOverride<RoutePermission | undefined>(PERMISSION_METADATA, targets);
  }
}

function bearerOf(authorization: string | undefined): string {
  const token = /^Bearer ([^\s]{1,4096})$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new Problem('UNAUTHENTICATED', 'Send an access token: Authorization: Bearer <token>');
  return token;
}
