import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Id, type Permission } from '@allotree/contracts';
import { type ApiRequest, Problem, type PermissionTarget, type RoutePermission, type Principal } from '@allotree/http';
import { PermissionChecker, type Target } from './permission-checker.js';

/** Asks the permission checker of the service a route belongs to. A route of no service is for server administrators only. */
@Injectable()
export class Authorization {
  private checkers: ReadonlyMap<unknown, PermissionChecker> | undefined;

  constructor(private readonly discovery: DiscoveryService) {}

  /**
   * The caller's permissions at the target of the route; records the tenant it concerns. @throws Problem when the required permission is
   * missing (see `PermissionChecker.demand`)
   */
  async permissions(
    request: ApiRequest,
    principal: Principal,
    { permission, target }: RoutePermission,
    controller: NewableFunction,
  ): Promise<ReadonlySet<Permission>> {
    this.checkers ??= checkersByController(this.discovery);
    const checker = this.checkers.get(controller);
    if (checker === undefined) throw new Problem('FORBIDDEN');
    const place = targetOf(request, target);
    const permissions = await checker.demand(principal, permission, place);
    request.tenantId = await checker.tenantConcerned(principal, permission, place);
    return permissions;
  }
}

/** Every service has one `PermissionChecker`, in the module of its controllers. */
const checkersByController = (discovery: DiscoveryService): ReadonlyMap<unknown, PermissionChecker> =>
  new Map(
    discovery.getControllers().flatMap(({ metatype, host }) => {
      const checker = host?.providers.get(PermissionChecker)?.instance as PermissionChecker | undefined;
      return checker === undefined ? [] : [[metatype, checker] as const];
    }),
  );

/** A malformed id belongs to nobody: the route describes the error to callers who hold its permission at all. */
const idAt = (request: ApiRequest, name: string): string | undefined => {
  const { params, body } = request as { params: Record<string, unknown>; body: unknown };
  const inBody = /^body\.(\w+)$/.exec(name)?.[1];
  const value = inBody === undefined ? params[name] : (body as Record<string, unknown> | null | undefined)?.[inBody];
  const id = Id.safeParse(value);
  return id.success ? id.data : undefined;
};

function targetOf(request: ApiRequest, { project, group, within, partner }: PermissionTarget): Target {
  const projectId = idOf(request, project ?? within);
  if (projectId !== undefined) {
    const groupId = group === undefined ? projectId : idOf(request, group);
    return within !== undefined || groupId === undefined
      ? { kind: 'within', projectId }
      : { kind: 'group', projectId, groupId };
  }
  const partnerId = idOf(request, partner);
  return partnerId === undefined ? { kind: 'anywhere' } : { kind: 'partner', partnerId };
}

const idOf = (request: ApiRequest, name: string | undefined): string | undefined =>
  name === undefined ? undefined : idAt(request, name);
