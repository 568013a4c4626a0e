import { Inject, Injectable } from '@nestjs/common';
import type { EndedMemberships, OpenBelow } from '@allotree/domain';
import { PG_POOL } from '@allotree/basics';
import { Problem } from '@allotree/http';
import type pg from 'pg';
import { Freshness } from '../../freshness.js';
import { PARTNER_VIEW, TREE_VIEW } from '../../views.js';

/** The open projects and partners below a partner, for closing it. */
@Injectable()
export class BelowPartner {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly freshness: Freshness,
  ) {}

  /** @throws Problem `OVERLOADED` where the rows do not follow: something open could be missed */
  async upToDate(): Promise<void> {
    for (const view of [TREE_VIEW, PARTNER_VIEW])
      if (!(await this.freshness.of(view)))
        throw new Problem(
          'OVERLOADED',
          'The open projects and partners below the partner are not known yet. Try again shortly.',
          {
            retryAfterSeconds: 5,
          },
        );
  }

  async open(partnerId: string): Promise<OpenBelow> {
    const [projectIds, partnerIds] = await Promise.all([
      this.ids(
        'SELECT project_id AS id FROM groups.project WHERE partner_id = $1 AND closed_reason IS NULL',
        partnerId,
      ),
      this.ids(
        'SELECT partner_id AS id FROM groups.partner WHERE parent_partner_id = $1 AND closed_reason IS NULL',
        partnerId,
      ),
    ]);
    return { projectIds, partnerIds };
  }

  /** Of people in the projects of the partner, and where it is its own tenant in all of the tenant. */
  async memberships(partnerId: string, userIds: readonly string[]): Promise<readonly EndedMemberships[]> {
    const { rows } = await this.pool.query<EndedMemberships>(
      `SELECT project_id AS "projectId", array_agg(DISTINCT user_id ORDER BY user_id) AS "userIds"
       FROM groups.member JOIN groups.project USING (project_id)
       WHERE user_id = ANY ($2) AND (project.partner_id = $1 OR project.tenant_id = $1)
       GROUP BY project_id ORDER BY project_id`,
      [partnerId, userIds],
    );
    return rows;
  }

  private async ids(query: string, partnerId: string): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ id: string }>(`${query} ORDER BY ordinal`, [partnerId]);
    return rows.map(({ id }) => id);
  }
}
