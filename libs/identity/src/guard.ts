import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  type ApiRequest,
  Problem,
  RateLimiter,
  PERMISSION_METADATA,
  PUBLIC_METADATA,
  SIGNED_IN_METADATA,
  type RoutePermission,
  type Principal,
} from '@allotree/http';
import { requestContext } from '@allotree/basics';
import { Authentication } from './authentication.js';
import { Authorization } from './authorization.js';
import { ALL_PERMISSIONS } from './permission-checker.js';

/** Log lines of the request name the tenant it concerns. */
const noteTenant = ({ tenantId }: ApiRequest): void => {
  const context = requestContext.getStore();
  if (context !== undefined && tenantId != null) context.tenantId = tenantId;
};

type Route = RoutePermission | 'signed-in' | 'public';

/** Authenticates every request by its bearer token and checks the permission of its route. */
@Injectable()
export class AuthGuard implements CanActivate {
  private readonly routes = new WeakMap<object, Route>();

  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: Authentication,
    private readonly authorization: Authorization,
    private readonly rates: RateLimiter,
  ) {}

  canActivate(execution: ExecutionContext): boolean | Promise<boolean> {
    if (execution.getType() !== 'http') return true;
    const route = this.routeOf(execution);
    if (route === 'public') return true;
    const request = execution.switchToHttp().getRequest<ApiRequest>();
    try {
      const admitted = this.check(request, route, execution.getClass());
      return admitted === true ? true : admitted.catch((error: unknown) => this.refuse(request, error));
    } catch (error) {
      return this.refuse(request, error);
    }
  }

  private check(
    request: ApiRequest,
    route: RoutePermission | 'signed-in',
    controller: NewableFunction,
  ): true | Promise<true> {
    const principal = this.authentication.authenticate(request.headers.authorization);
    if (!(principal instanceof Promise)) return this.admit(request, principal, route, controller);
    return principal.then((known) => this.admit(request, known, route, controller));
  }

  /** A refused request counts like any other, so that probing is limited, too. */
  private async refuse(request: ApiRequest, error: unknown): Promise<never> {
    await this.rates.take(request);
    throw error;
  }

  private admit(
    request: ApiRequest,
    principal: Principal,
    route: RoutePermission | 'signed-in',
    controller: NewableFunction,
  ): true | Promise<true> {
    request.principal = principal;
    request.tenantId = principal.tenantId;
    noteTenant(request);
    if (principal.serverAdministrator) request.permissions = ALL_PERMISSIONS;
    if (principal.serverAdministrator || route === 'signed-in') return true;
    return this.authorization.permissions(request, principal, route, controller).then((permissions) => {
      request.permissions = permissions;
      noteTenant(request);
      return true;
    });
  }

  private routeOf(execution: ExecutionContext): Route {
    const handler = execution.getHandler();
    const known = this.routes.get(handler);
    if (known !== undefined) return known;
    const route = this.readRoute([handler, execution.getClass()]);
    // Such a route does not pass the check at start (route-inventory.ts); it is refused all the same.
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
