import { Injectable } from '@nestjs/common';
import { isAccountMail, type MailTypeName, type Permission } from '@allotree/contracts';
import { notFound, Problem, type Caller } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';

/** Whose templates a request is about. */
@Injectable()
export class TemplateTenant {
  constructor(private readonly permissionChecker: PermissionChecker) {}

  /**
   * The tenant that is named, or the caller's own; `null`, for the server administrator alone: every tenant's that has none
   * of its own.
   * @throws Problem `NOT_FOUND` for a tenant in which the caller does not hold the permission as a whole
   */
  async of({ principal }: Caller, permission: Permission, asked: string | undefined): Promise<string | null> {
    const accessFilter = await this.permissionChecker.accessFilter(principal, permission);
    if (accessFilter === null) return asked ?? null;
    const { tenantIds } = accessFilter;
    if (tenantIds.length === 0) throw new Problem('FORBIDDEN', undefined, { permission });
    const tenantId = asked ?? (tenantIds.length === 1 ? tenantIds[0] : principal.tenantId);
    if (tenantId === null || tenantId === undefined) throw Problem.validation('tenantId', 'must say whose templates');
    if (tenantIds.includes(tenantId)) return tenantId;
    throw notFound('tenant', tenantId);
  }

  /**
   * The same, for a template that is to be changed or tried.
   * @throws Problem `TEMPLATE_NOT_CUSTOMIZABLE` of a mail about an account, for a tenant: such mails grant access, and use
   * the vendor's wording (P3)
   */
  async customizing(caller: Caller, { mailType, permission, asked }: Customizing): Promise<string | null> {
    const tenantId = await this.of(caller, permission, asked);
    if (tenantId !== null && isAccountMail(mailType))
      throw new Problem('TEMPLATE_NOT_CUSTOMIZABLE', undefined, { mailType, tenantId });
    return tenantId;
  }
}

export interface Customizing {
  readonly mailType: MailTypeName;
  readonly permission: Permission;
  readonly asked: string | undefined;
}
