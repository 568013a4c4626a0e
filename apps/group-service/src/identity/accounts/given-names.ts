import { Inject, Injectable } from '@nestjs/common';
import { PG_POOL } from '@allotree/basics';
import { linklessText } from '@allotree/contracts';
import type pg from 'pg';
import { Freshness } from '../../freshness.js';
import { PARTNER_HANDLER, type PartnerHandler } from '../../tokens.js';
import { TREE_VIEW } from '../../views.js';

interface PlaceRow {
  readonly home: string;
  readonly membership_id: string;
  readonly group_id: string | null;
}

/** The names under which people were made members or administrators, before they had accounts. */
@Injectable()
export class GivenNames {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(PARTNER_HANDLER) private readonly partners: PartnerHandler,
    private readonly freshness: Freshness,
  ) {}

  /** Of several the first by the id of its place. `null`: nobody gave one. */
  async of(userId: string): Promise<string | null> {
    await this.freshness.of(TREE_VIEW);
    const { rows } = await this.pool.query<PlaceRow>(
      `SELECT home, membership_id, group_id FROM groups.access_membership WHERE user_id = $1
       ORDER BY home, membership_id LIMIT 20`,
      [userId],
    );
    for (const place of rows) {
      const name = linklessText((await this.at(place, userId)) ?? '');
      if (name !== '') return name;
    }
    return null;
  }

  private async at({ home, membership_id, group_id }: PlaceRow, userId: string): Promise<string | null> {
    if (group_id === null)
      return this.partners.read(home, ({ administrators }) => administrators.get(userId)?.name ?? null);
    const { rows } = await this.pool.query<{ name: string }>(
      'SELECT name FROM groups.member WHERE project_id = $1 AND member_id = $2',
      [home, membership_id],
    );
    return rows[0]?.name ?? null;
  }
}
