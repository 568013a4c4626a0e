import { Inject, Injectable } from '@nestjs/common';
import type { ClosedPartner } from '@allotree/domain';
import { followUp } from '@allotree/event-sourcing';
import { PG_POOL } from '@allotree/basics';
import type pg from 'pg';
import { Audit } from '../../identity/audit/audit.js';
import { Trees } from '../../groups/trees.js';
import { JoinCodes } from '../join-codes.js';

/** Revokes the join code and the API keys of a closed partner; idempotent. */
@Injectable()
export class FinishClosing {
  constructor(
    private readonly trees: Trees,
    private readonly codes: JoinCodes,
    private readonly audit: Audit,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
  ) {}

  async finish(
    { partnerId, tenantId, memberships }: ClosedPartner,
    cause: Parameters<typeof followUp>[0],
  ): Promise<void> {
    for (const { projectId, userIds } of memberships) {
      const context = followUp(cause, `end memberships ${projectId}`);
      await this.trees.run({ type: 'EndMemberships', projectId, userIds }, { context, dryRun: false });
    }
    await this.codes.revoke(partnerId);
    // The keys of a tenant are those of its distributor, or of the partner that is its own tenant.
    if (partnerId === tenantId) await this.revokeKeys(tenantId, cause.actor);
  }

  /** Their access tokens end when the sessions of people are announced next, within seconds. */
  private async revokeKeys(tenantId: string, actor: string): Promise<void> {
    const { rows } = await this.pool.query<{ keyId: string; name: string }>(
      `UPDATE groups.api_key SET revoked_at = now() WHERE tenant_id = $1 AND revoked_at IS NULL
       RETURNING key_id AS "keyId", name`,
      [tenantId],
    );
    for (const facts of rows)
      await this.audit.record({ action: 'api_key_revoked', actor, tenantId, userId: null, facts });
  }
}
