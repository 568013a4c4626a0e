import { Inject, Injectable } from '@nestjs/common';
import type { AcceptedInvitation } from '@allotree/contracts';
import { memberOf } from '@allotree/domain';
import { PG_POOL } from '@allotree/basics';
import { Problem, type Principal } from '@allotree/http';
import { IdentityView, checkGrant, PermissionChecker } from '@allotree/identity';
import type pg from 'pg';
import { Trees } from '../../groups/trees.js';
import { commandIdOf } from '../accounts/accounts.js';
import { ApiKeys } from '../api-keys/api-keys.js';
import { Audit } from '../audit/audit.js';
import { hashOf } from '../secrets.js';
import { contextOf, type Visitor } from '../visitor.js';

/** An invitation somebody can still accept. */
export interface OpenInvitation {
  readonly invitationId: string;
  readonly tenantId: string;
  readonly projectId: string;
  readonly groupId: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly inviter: Principal;
  readonly expiresAt: Date;
}

const OPEN = `
  SELECT invitation_id AS "invitationId", tenant_id AS "tenantId", project_id AS "projectId", group_id AS "groupId",
    user_id AS "userId", email, name, role, inviter, expires_at AS "expiresAt"
  FROM groups.invitation
  WHERE token_hash = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > now()`;

export const invalidLink = (): Problem => new Problem('CODE_NOT_VALID');

/** Invitations, found by the token of their link. */
@Injectable()
export class Invitations {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly trees: Trees,
    private readonly permissionChecker: PermissionChecker,
    private readonly audit: Audit,
    private readonly view: IdentityView,
    private readonly keys: ApiKeys,
  ) {}

  async find(token: string): Promise<OpenInvitation | null> {
    const { rows } = await this.pool.query<OpenInvitation>(OPEN, [hashOf(token)]);
    return rows[0] ?? null;
  }

  /**
   * Holds the invitation until the transaction ends: of several who accept at once, the second waits here and then finds
   * nothing.
   * @throws Problem `CODE_NOT_VALID`: unknown, used, revoked, too old, or given by somebody who may not give it any more
   */
  async hold(tx: pg.PoolClient, token: string): Promise<OpenInvitation> {
    const { rows } = await tx.query<OpenInvitation>(`${OPEN} FOR UPDATE`, [hashOf(token)]);
    const [invitation] = rows;
    const inviter = invitation === undefined ? null : await this.inviterNow(invitation.inviter);
    if (invitation === undefined || inviter === null) throw invalidLink();
    const { role, projectId, groupId } = invitation;
    const place = { kind: 'group', projectId, groupId } as const;
    try {
      // Read without a cache, because an inviter may have lost the permission a moment ago.
      const held = await this.permissionChecker.permissionsAt(inviter, place, true);
      if (held?.has('members:manage') !== true) throw invalidLink();
      await checkGrant(this.permissionChecker, inviter, role, place);
    } catch (error) {
      if (error instanceof Problem && error.code !== 'OVERLOADED') throw invalidLink();
      throw error;
    }
    return invitation;
  }

  /** The inviter with its current permissions. `null`: it cannot sign in any more. */
  private async inviterNow(inviter: Principal): Promise<Principal | null> {
    if (this.view.isRefused({ ...inviter, sessionId: null })) return null;
    if (inviter.apiKey === null) return inviter;
    const { keyId } = inviter.apiKey;
    const key = await this.keys.inForce(keyId);
    if (key === null) return null;
    const { permissions, madeBy } = key;
    if (madeBy !== null && this.view.isRefused({ userId: madeBy, sessionId: null })) return null;
    return { ...inviter, apiKey: { keyId, permissions, ...(madeBy === null ? {} : { madeBy }) } };
  }

  /** The invited becomes a member. Its ids follow from the invitation's, so doing it again changes nothing. */
  async accept(tx: pg.PoolClient, invitation: OpenInvitation, visitor: Visitor): Promise<AcceptedInvitation> {
    const { invitationId, tenantId, projectId, groupId, userId, email, name, role, inviter } = invitation;
    const commandId = commandIdOf('accept', invitationId);
    const context = contextOf(commandId, `user:${inviter.userId}`, tenantId, visitor.correlationId);
    const memberId = commandIdOf('member', invitationId);
    const facts = { memberId, groupId, userId, email, name, role };
    try {
      await this.trees.run({ type: 'AddMember', projectId, ...facts }, { context, dryRun: false });
    } catch (error) {
      // The group is gone.
      if (error instanceof Problem && error.code === 'NOT_FOUND') throw invalidLink();
      throw error;
    }
    await tx.query('UPDATE groups.invitation SET accepted_at = now() WHERE invitation_id = $1', [invitationId]);
    await this.audit.record(
      {
        action: 'invitation_accepted',
        actor: `user:${userId}`,
        tenantId,
        userId,
        visitor,
        facts: { invitationId, projectId, groupId, role },
      },
      tx,
    );
    const member = await this.trees.look(projectId, (state) => memberOf(state, groupId, email));
    return { projectId, groupId, memberId: member?.memberId ?? memberId, userId };
  }
}
