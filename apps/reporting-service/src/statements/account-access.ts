import { Injectable } from '@nestjs/common';
import type { Permission } from '@allotree/contracts';
import { notFound, Problem, type Principal } from '@allotree/http';
import { PermissionChecker, TenantRows, type Target } from '@allotree/identity';
import { findAccount, type Account } from './account.js';

/** Who may see an account: its seller and its buyer. Who may change it: its seller alone. Nobody else learns that it exists. */
@Injectable()
export class AccountAccess {
  constructor(
    private readonly rows: TenantRows,
    private readonly checker: PermissionChecker,
  ) {}

  /** @throws Problem `NOT_FOUND` */
  async visible(principal: Principal, accountId: string): Promise<Account> {
    const account = await this.rows.as(principal, 'statements:read', (tx) => findAccount(tx, accountId));
    if (account && (await this.isVisible(principal, account))) return account;
    throw notFound('account', accountId);
  }

  /** @throws Problem `NOT_FOUND`, or `FORBIDDEN` for those who see the account and are not its seller */
  async managed(principal: Principal, accountId: string): Promise<Account> {
    const account = await this.visible(principal, accountId);
    if (await this.isSeller(principal, account, 'billing:manage')) return account;
    throw new Problem('FORBIDDEN', 'Only the seller can do this', { permission: 'billing:manage' });
  }

  async isVisible(principal: Principal, account: Account): Promise<boolean> {
    if (await this.isSeller(principal, account, 'statements:read')) return true;
    const { buyerKind, buyerId } = account;
    const place: Target =
      buyerKind === 'partner'
        ? { kind: 'partner', partnerId: buyerId }
        : { kind: 'group', projectId: buyerId, groupId: buyerId };
    return this.holds(principal, 'statements:read', place);
  }

  private async isSeller(principal: Principal, { sellerId }: Account, permission: Permission): Promise<boolean> {
    if (principal.serverAdministrator) return true;
    return sellerId !== null && this.holds(principal, permission, { kind: 'partner', partnerId: sellerId });
  }

  private async holds(principal: Principal, permission: Permission, place: Target): Promise<boolean> {
    const held = await this.checker.permissionsAt(principal, place);
    return held?.has(permission) === true;
  }
}
