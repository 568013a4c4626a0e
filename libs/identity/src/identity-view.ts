import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { GroupsEvent } from '@allotree/contracts';
import type pg from 'pg';
import type { Logger } from 'pino';
import { prepareSchema, LOGGER, PG_POOL } from '@allotree/basics';
import type { Principal } from '@allotree/http';
import type { ExternalIdentity } from './oidc.js';

const SCHEMA = `
  CREATE SCHEMA IF NOT EXISTS identity;
  CREATE TABLE IF NOT EXISTS identity.refused (
    subject     text        PRIMARY KEY,
    until       timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sequence    text        NOT NULL DEFAULT ''
  );
  CREATE INDEX IF NOT EXISTS refused_by_recorded_at ON identity.refused (recorded_at);
  CREATE TABLE IF NOT EXISTS identity.external (
    issuer    text NOT NULL,
    subject   text NOT NULL,
    user_id   text NOT NULL,
    email     text NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, user_id)
  );
  ALTER TABLE identity.external DROP COLUMN IF EXISTS tenant_id;
`;

/** The longest until a change recorded by another replica takes effect here. */
const POLL_MS = 1_000;
/** A row becomes visible when its transaction ends, later than its timestamp: no transaction here takes this long. */
const POLL_OVERLAP = "interval '1 minute'";
const SWEEP_EVERY_MS = 60 * 60_000;

/** A user of this system who is linked to a subject of an external issuer. */
export interface LinkedUser {
  readonly userId: string;
  readonly email: string;
}

/** A session that ended before its tokens did, or a deactivated user. `until: null`: permanently. */
export interface Refused {
  readonly subject: string;
  /** ISO 8601 */
  readonly until: string | null;
  /** The position among the events about a user; an earlier one has no effect. Unknown where the change is decided. */
  readonly sequence?: string | undefined;
}

export const refusedSession = (sessionId: string, until: string): Refused => ({
  subject: `session ${sessionId}`,
  until,
});
/** An `until` in the past readmits the user. */
export const refusedUser = (userId: string, active: boolean): Refused => ({
  subject: `user ${userId}`,
  until: active ? new Date(0).toISOString() : null,
});

interface RefusedRow {
  readonly subject: string;
  readonly until: Date | null;
}

/** Milliseconds since 1970; `Infinity`: permanently. */
type Until = number;

/**
 * The facts a service stores about people besides their memberships: whose tokens are revoked before they expire, and which users are linked to
 * subjects of an external issuer. The group service decides both and publishes it to the other services.
 */
@Injectable()
export class IdentityView implements OnModuleInit, OnModuleDestroy {
  private readonly refused = new Map<string, Until>();
  private timer: NodeJS.Timeout | undefined;
  private lastSweep = 0;
  /** By the clock of the database. */
  private lookedAt = new Date(0);
  private introduce: (identity: ExternalIdentity) => Promise<LinkedUser | null> = () => Promise.resolve(null);

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    await prepareSchema(this.pool, 'identity', SCHEMA);
    await this.load();
    this.timer = setInterval(() => {
      this.poll().catch(() => undefined);
    }, POLL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** From memory, because every request asks. */
  isRefused({ sessionId, userId }: Pick<Principal, 'sessionId' | 'userId'>, now = Date.now()): boolean {
    if (this.refused.size === 0) return false;
    const isIn = (subject: string): boolean => (this.refused.get(subject) ?? 0) > now;
    return isIn(`user ${userId}`) || (sessionId !== null && isIn(`session ${sessionId}`));
  }

  /** Effective immediately here, and within a second on other replicas. */
  async refuse(refused: readonly Refused[]): Promise<void> {
    if (refused.length === 0) return;
    const once = lastOfEach(refused);
    const { rows } = await this.pool.query<RefusedRow>(
      `INSERT INTO identity.refused AS known (subject, until, sequence)
       SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[])
       ON CONFLICT (subject) DO UPDATE SET until = excluded.until, recorded_at = clock_timestamp(),
         sequence = greatest(known.sequence, excluded.sequence)
       WHERE excluded.sequence = '' OR known.sequence <= excluded.sequence RETURNING subject, until`,
      [once.map(({ subject }) => subject), once.map(({ until }) => until), once.map(({ sequence }) => sequence ?? '')],
    );
    this.remember(rows);
  }

  /** Registers the callback for an external identity that is not linked yet. */
  onFirstSight(introduce: (identity: ExternalIdentity) => Promise<LinkedUser | null>): void {
    this.introduce = introduce;
  }

  /** `null`: no user of this system. */
  async userOf(identity: ExternalIdentity): Promise<LinkedUser | null> {
    const { rows } = await this.pool.query<LinkedUser>(
      `SELECT user_id AS "userId", email FROM identity.external WHERE issuer = $1 AND subject = $2`,
      [identity.issuer, identity.subject],
    );
    return rows[0] ?? this.introduce(identity);
  }

  /** False: the issuer knows this user under another subject, or the subject is another user. A link never changes. */
  async link({ issuer, subject }: Pick<ExternalIdentity, 'issuer' | 'subject'>, user: LinkedUser): Promise<boolean> {
    const { rows } = await this.pool.query<{ user_id: string }>(
      `WITH linked AS (
         INSERT INTO identity.external (issuer, subject, user_id, email) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING RETURNING user_id
       ) SELECT user_id FROM linked
       UNION ALL SELECT user_id FROM identity.external WHERE issuer = $1 AND subject = $2`,
      [issuer, subject, user.userId, user.email],
    );
    return rows[0]?.user_id === user.userId;
  }

  /** Applies events of the group service; idempotent. */
  async follow(events: readonly Pick<GroupsEvent, 'type' | 'data' | 'sequence'>[]): Promise<void> {
    for (const event of events) {
      if (event.type === 'allotree.identity-linked.v1') {
        const { issuer, subject, ...user } = event.data as GroupsEvent<'allotree.identity-linked.v1'>['data'];
        await this.link({ issuer, subject }, user);
      }
    }
    await this.refuse(events.flatMap(refusedBy));
  }

  private async poll(): Promise<void> {
    try {
      await this.load();
      if (Date.now() - this.lastSweep > SWEEP_EVERY_MS) await this.sweep();
    } catch (error) {
      this.logger.warn({ err: error }, 'sessions revoked by other replicas could not be loaded, retrying');
    }
  }

  /** Loads the changes since the last successful load; all of them at first. */
  private async load(): Promise<void> {
    const { rows: clock } = await this.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    const { rows } = await this.pool.query<RefusedRow>(
      `SELECT subject, until FROM identity.refused WHERE recorded_at > $1::timestamptz - ${POLL_OVERLAP}`,
      [this.lookedAt],
    );
    this.lookedAt = clock[0]?.now ?? this.lookedAt;
    this.remember(rows);
  }

  private remember(rows: readonly RefusedRow[]): void {
    for (const { subject, until } of rows) this.refused.set(subject, until === null ? Infinity : until.getTime());
  }

  private async sweep(): Promise<void> {
    this.lastSweep = Date.now();
    for (const [subject, until] of this.refused) if (until < this.lastSweep) this.refused.delete(subject);
    await this.pool.query(
      `DELETE FROM identity.refused WHERE until < clock_timestamp() AND recorded_at < clock_timestamp() - ${POLL_OVERLAP}`,
    );
  }
}

/** One for each subject: a statement must not see one row twice. */
function lastOfEach(refused: readonly Refused[]): readonly Refused[] {
  const last = new Map<string, Refused>();
  for (const one of refused)
    if ((last.get(one.subject)?.sequence ?? '') <= (one.sequence ?? '')) last.set(one.subject, one);
  return [...last.values()];
}

const refusedBy = ({ type, data, sequence }: Pick<GroupsEvent, 'type' | 'data' | 'sequence'>): Refused[] => {
  if (type === 'allotree.session-revoked.v1') {
    const { sessionId, until } = data as GroupsEvent<'allotree.session-revoked.v1'>['data'];
    return [refusedSession(sessionId, until)];
  }
  if (type !== 'allotree.user-changed.v1') return [];
  const { userId, active } = data as GroupsEvent<'allotree.user-changed.v1'>['data'];
  return active === undefined ? [] : [{ ...refusedUser(userId, active), sequence }];
};
