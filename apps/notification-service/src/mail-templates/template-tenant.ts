import { Injectable } from '@nestjs/common';
import type { Permission } from '@allotree/contracts';
import { notFound, Problem, Reach, type Caller } from '@allotree/platform';

/** Whose templates a request is about. */
@Injectable()
export class TemplateTenant {
  constructor(private readonly reach: Reach) {}

  /**
   * The tenant that is named, or the caller's own; `null`, for the server administrator alone: every tenant's that has none
   * of its own.
   * @throws Problem `NOT_FOUND` for a tenant in which the caller does not hold the permission as a whole
   */
  async of({ principal }: Caller, permission: Permission, asked: string | undefined): Promise<string | null> {
    const extent = await this.reach.extent(principal, permission);
    if (extent === null) return asked ?? null;
    const { tenantIds } = extent;
    if (tenantIds.length === 0) throw new Problem('FORBIDDEN', undefined, { permission });
    const tenantId = asked ?? (tenantIds.length === 1 ? tenantIds[0] : principal.tenantId);
    if (tenantId === null || tenantId === undefined) throw Problem.validation('tenantId', 'must say whose templates');
    if (tenantIds.includes(tenantId)) return tenantId;
    throw notFound('tenant', tenantId);
  }
}
