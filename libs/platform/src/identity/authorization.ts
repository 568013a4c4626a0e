import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Id, type Permission } from '@allotree/contracts';
import type { PlatformRequest } from '../http/caller.js';
import { Problem } from '../http/problem.js';
import type { PermissionTarget, RoutePermission } from './permit.js';
import type { Principal } from './principal.js';
import { Reach, type Target } from './reach.js';

/** Asks the permission checker of the service a route belongs to. A route of no service is for server administrators only. */
@Injectable()
export class Authorization {
  private reaches: ReadonlyMap<unknown, Reach> | undefined;

  constructor(private readonly discovery: DiscoveryService) {}

  /**
   * The caller's permissions at the target of the route; records the tenant it concerns. @throws Problem when the required permission is
   * missing (see `Reach.demand`)
   */
  async permissions(
    request: PlatformRequest,
    principal: Principal,
    { permission, target }: RoutePermission,
    controller: NewableFunction,
  ): Promise<ReadonlySet<Permission>> {
    this.reaches ??= reachesByController(this.discovery);
    const reach = this.reaches.get(controller);
    if (reach === undefined) throw new Problem('FORBIDDEN');
    const place = targetOf(request, target);
    const permissions = await reach.demand(principal, permission, place);
    request.tenantId = await reach.tenantConcerned(principal, permission, place);
    return permissions;
  }
}

/** Every service has one `Reach`, in the module of its controllers. */
const reachesByController = (discovery: DiscoveryService): ReadonlyMap<unknown, Reach> =>
  new Map(
    discovery.getControllers().flatMap(({ metatype, host }) => {
      const reach = host?.providers.get(Reach)?.instance as Reach | undefined;
      return reach === undefined ? [] : [[metatype, reach] as const];
    }),
  );

/** A malformed id belongs to nobody: the route describes the error to callers who hold its permission at all. */
const idAt = (request: PlatformRequest, name: string): string | undefined => {
  const { params, body } = request as { params: Record<string, unknown>; body: unknown };
  const inBody = /^body\.(\w+)$/.exec(name)?.[1];
  const value = inBody === undefined ? params[name] : (body as Record<string, unknown> | null | undefined)?.[inBody];
  const id = Id.safeParse(value);
  return id.success ? id.data : undefined;
};

function targetOf(request: PlatformRequest, { project, group, within, partner }: PermissionTarget): Target {
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

const idOf = (request: PlatformRequest, name: string | undefined): string | undefined =>
  name === undefined ? undefined : idAt(request, name);
