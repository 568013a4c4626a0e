import { Inject, Injectable } from '@nestjs/common';
import { PG_POOL } from '@allotree/basics';
import { Problem } from '@allotree/http';
import type pg from 'pg';
import { Partners } from './partners.js';
import { hashOf, newSecret } from '../identity/secrets.js';

/** The secret by which a partner names the distributor it wants to join (P1). Only its hash is stored. */
@Injectable()
export class JoinCodes {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly partners: Partners,
  ) {}

  /** A new code; the previous one is invalid from now on. @throws Problem for a partner that is no distributor */
  async rotate(partnerId: string): Promise<string> {
    await this.demandDistributor(partnerId);
    const code = newSecret();
    await this.pool.query(
      `INSERT INTO groups.join_code (partner_id, code_hash) VALUES ($1, $2)
       ON CONFLICT (partner_id) DO UPDATE SET code_hash = excluded.code_hash, rotated_at = now()`,
      [partnerId, hashOf(code)],
    );
    return code;
  }

  /** @throws Problem for a partner that is no distributor */
  async demandDistributor(partnerId: string): Promise<void> {
    const { kind } = await this.partners.openPartner(partnerId);
    if (kind !== 'distributor')
      throw Problem.validation('partnerId', 'is not a distributor; only distributors have join codes');
  }

  /** Revokes the code: no new requests to join until there is a new one. */
  async revoke(partnerId: string): Promise<void> {
    await this.pool.query('DELETE FROM groups.join_code WHERE partner_id = $1', [partnerId]);
  }

  /** The distributor a code belongs to now. `null`: none. */
  async distributorOf(codeHash: Buffer): Promise<string | null> {
    const { rows } = await this.pool.query<{ partner_id: string }>(
      'SELECT partner_id FROM groups.join_code WHERE code_hash = $1',
      [codeHash],
    );
    return rows[0]?.partner_id ?? null;
  }
}
