import { Inject, Injectable } from '@nestjs/common';
import { PG_POOL } from '@allotree/basics';
import type pg from 'pg';
import { networkOf, type Visitor } from '../visitor.js';

type Where = Pick<Visitor, 'address'>;

/** The networks an account signed in from, or chose a password from by a link that was mailed to it. */
@Injectable()
export class KnownNetworks {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  async has(userId: string, { address }: Where): Promise<boolean> {
    const { rowCount } = await this.pool.query('SELECT FROM groups.known_network WHERE user_id = $1 AND network = $2', [
      userId,
      networkOf(address),
    ]);
    return rowCount === 1;
  }

  async add(userId: string, { address }: Where, tx: pg.Pool | pg.PoolClient = this.pool): Promise<void> {
    await tx.query(
      `INSERT INTO groups.known_network (user_id, network) VALUES ($1, $2)
       ON CONFLICT (user_id, network) DO UPDATE SET used_at = now()`,
      [userId, networkOf(address)],
    );
  }
}
