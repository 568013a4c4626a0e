import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { JobQueues, PG_POOL } from '@allotree/platform';
import type pg from 'pg';
import { AccountMails } from './account-mails.js';
import { Sessions } from './sessions.js';

/** The schedule, and the queue it ticks in. */
const PEOPLE_WORK = 'people-work';
const EVERY_MS = 2_000;

/** What is of no use any more. A refresh token goes with its session, which is kept a while for who asks what it was. */
const SWEEPS = [
  "DELETE FROM groups.session WHERE expires_at < now() - interval '7 days'",
  "DELETE FROM groups.registration WHERE expires_at < now() - interval '7 days'",
  'DELETE FROM groups.password_reset WHERE expires_at < now()',
  "DELETE FROM groups.known_network WHERE used_at < now() - interval '90 days'",
  'DELETE FROM groups.attempt WHERE forgotten_at < now()',
];
const SWEEP_EVERY_MS = 60 * 60 * 1_000;

/** Finishes what a request left undone when its process was killed, and sweeps up. */
@Injectable()
export class PeopleWork implements OnApplicationBootstrap {
  private lastSweep = 0;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly jobs: JobQueues,
    private readonly mails: AccountMails,
    private readonly sessions: Sessions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.every(PEOPLE_WORK, EVERY_MS, () => this.tick());
  }

  async tick(): Promise<void> {
    await this.mails.tick();
    await this.sessions.announce();
    if (Date.now() - this.lastSweep < SWEEP_EVERY_MS) return;
    this.lastSweep = Date.now();
    for (const sweep of SWEEPS) await this.pool.query(sweep);
  }
}
