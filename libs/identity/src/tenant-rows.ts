import type { Permission } from '@allotree/contracts';
import type { Principal } from '@allotree/http';
import { withTenants } from '@allotree/read-models';
import type { DataSource, EntityManager } from 'typeorm';
import type { PermissionChecker } from './permission-checker.js';

/** Rows as a caller sees them: PostgreSQL filters by the caller's tenants, even where a query forgets to. */
export class TenantRows {
  constructor(
    private readonly dataSource: DataSource,
    private readonly checker: PermissionChecker,
  ) {}

  /**
   * Runs `work` in a transaction that sees the tenants in which the caller holds a permission.
   * @param isolation `REPEATABLE READ`: all statements see one state of the rows
   */
  async as<Result>(
    principal: Principal,
    permission: Permission,
    work: (tx: EntityManager) => Promise<Result>,
    isolation: 'READ COMMITTED' | 'REPEATABLE READ' = 'READ COMMITTED',
  ): Promise<Result> {
    return withTenants(this.dataSource, await this.checker.tenants(principal, permission), work, isolation);
  }
}
