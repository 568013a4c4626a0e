import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { CONFIGURATION } from '@allotree/basics';
import { findsAny } from '@allotree/read-models';
import type { DataSource, EntityManager } from 'typeorm';
import type { NotificationConfiguration } from '../configuration.js';
import { NOTIFICATIONS } from '../tokens.js';
import { KeyVault } from './key-vault.js';
import { DISABLE_AFTER_SECONDS } from './retry-schedule.js';
import type { WebhookKey } from './signatures.js';

/** A delivery that this process is attempting. */
export interface ClaimedDelivery {
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly subject: string;
  readonly claim: string;
  readonly url: string;
  readonly tenantId: string | null;
  /** The person with whose permission it goes out; `null`: the vendor. */
  readonly madeBy: string | null;
  readonly eventId: string;
  readonly body: string;
  readonly kind: 'event' | 'replay' | 'test';
  /** This one included. */
  readonly attempts: number;
  /** The newest first. `null`: they cannot be read. */
  readonly keys: readonly WebhookKey[] | null;
}

interface HeadRow extends Omit<ClaimedDelivery, 'claim' | 'keys'> {
  readonly keys: readonly { keyId: string; secret: string; privateKey: string; publicKey: string }[] | null;
}

export interface Failure {
  readonly status: number | null;
  readonly error: string;
  /** `null`: there is no further attempt. */
  readonly pauseMs: number | null;
  /** The receiver answered 410. */
  readonly isGone: boolean;
}

/** How long after the end of an attempt another process takes over, if its process was killed. */
const LEASE_BEYOND_SECONDS = 30;

const TAKE_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('allotree notifications webhook claims', 0))";

/** $1 whether of endpoints that fail. */
const HAS_DUE = `
  SELECT FROM notifications.webhook_endpoint endpoint
  WHERE status = 'active' AND (failing_since IS NOT NULL) = $1 AND EXISTS (
    SELECT FROM notifications.webhook_lane lane
    WHERE lane.endpoint_id = endpoint.endpoint_id AND lane.not_before <= statement_timestamp())
  LIMIT 1`;

/**
 * $1 lanes, $2 deliveries of an endpoint at a time, $3 whether of endpoints that fail, $4 claim, $5 seconds of the lease. The first lane of
 * every endpoint comes before the second of any, so one endpoint with many lanes leaves others their turn.
 */
const CLAIM = `
  WITH free AS (
    SELECT endpoint_id, CASE WHEN failing_since IS NULL THEN $2::integer ELSE 1 END - (
      SELECT count(*) FROM notifications.webhook_lane lane
      WHERE lane.endpoint_id = endpoint.endpoint_id AND lane.not_before > statement_timestamp() AND lane.claim IS NOT NULL
    )::integer AS lanes
    FROM notifications.webhook_endpoint endpoint WHERE status = 'active' AND (failing_since IS NOT NULL) = $3
  ), due AS (
    SELECT free.endpoint_id, lane.subject, lane.not_before,
      row_number() OVER (PARTITION BY free.endpoint_id ORDER BY lane.not_before) AS place
    FROM free CROSS JOIN LATERAL (
      SELECT subject, not_before FROM notifications.webhook_lane lane
      WHERE lane.endpoint_id = free.endpoint_id AND lane.not_before <= statement_timestamp()
      ORDER BY not_before LIMIT greatest(free.lanes, 0) FOR UPDATE SKIP LOCKED
    ) AS lane
  ), chosen AS (SELECT endpoint_id, subject FROM due ORDER BY place, not_before LIMIT $1)
  UPDATE notifications.webhook_lane lane
  SET claim = $4::uuid, not_before = clock_timestamp() + make_interval(secs => $5)
  FROM chosen WHERE lane.endpoint_id = chosen.endpoint_id AND lane.subject = chosen.subject
    AND lane.not_before <= statement_timestamp()`;

/** What is sent of the deliveries in `attempted`, and what signs it. */
const ATTEMPTED = `
  SELECT attempted.delivery_id AS "deliveryId", attempted.endpoint_id AS "endpointId", attempted.subject, endpoint.url,
    endpoint.tenant_id AS "tenantId", endpoint.made_by AS "madeBy",
    attempted.event_id AS "eventId", event.body, attempted.kind, attempted.attempts, (
      SELECT json_agg(json_build_object('keyId', key_id, 'secret', secret, 'privateKey', private_key, 'publicKey', public_key)
        ORDER BY created_at DESC)
      FROM notifications.webhook_key key
      WHERE key.endpoint_id = attempted.endpoint_id AND (expires_at IS NULL OR expires_at > statement_timestamp())
    ) AS keys
  FROM attempted JOIN notifications.webhook_endpoint endpoint USING (endpoint_id)
  JOIN notifications.webhook_event event USING (position)`;

const ATTEMPT = 'attempts = attempts + 1, last_attempt_at = clock_timestamp(), next_attempt_at = NULL';

/** The first delivery of each lane of the claim. */
const HEADS = `
  WITH head AS (
    SELECT delivery.delivery_id FROM notifications.webhook_lane lane CROSS JOIN LATERAL (
      SELECT delivery_id FROM notifications.webhook_delivery delivery
      WHERE delivery.endpoint_id = lane.endpoint_id AND delivery.subject = lane.subject AND delivery.status = 'pending'
      ORDER BY ordinal LIMIT 1
    ) AS delivery
    WHERE lane.endpoint_id = ANY ($2) AND lane.claim = $1
  ), attempted AS (
    UPDATE notifications.webhook_delivery delivery
    SET ${ATTEMPT}
    FROM head WHERE delivery.delivery_id = head.delivery_id RETURNING delivery.*
  )
  ${ATTEMPTED}`;

/** The lane is locked meanwhile, so nothing is added to it unseen. */
const LOCK_LANE = `
  SELECT 1 FROM notifications.webhook_lane WHERE endpoint_id = $1 AND subject = $2 AND claim = $3 FOR UPDATE`;

const HAS_NEXT = `EXISTS (
  SELECT FROM notifications.webhook_delivery delivery
  WHERE delivery.endpoint_id = $1 AND delivery.subject = $2 AND delivery.status = 'pending')`;

/** The deliveries on their way, and which of them go next. All changes of their state happen here. */
@Injectable()
export class DeliveryQueue {
  private readonly leaseSeconds: number;
  private readonly endpointConcurrency: number;

  constructor(
    @InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource,
    @Inject(CONFIGURATION) configuration: NotificationConfiguration,
    private readonly vault: KeyVault,
  ) {
    this.leaseSeconds = configuration.WEBHOOK_TIMEOUT_SECONDS + LEASE_BEYOND_SECONDS;
    this.endpointConcurrency = configuration.WEBHOOK_ENDPOINT_CONCURRENCY;
  }

  /**
   * Takes deliveries whose turn it is, so that no other process attempts them. One process at a time, so that the number for each endpoint
   * is exact.
   * @param failing of endpoints whose last attempt failed, or of the others
   */
  async claim(limit: number, failing: boolean): Promise<readonly ClaimedDelivery[]> {
    if (!(await findsAny(this.dataSource, HAS_DUE, [failing]))) return [];
    const claim = randomUUID();
    const rows = await this.dataSource.transaction(async (tx): Promise<readonly HeadRow[]> => {
      await tx.query(TAKE_TURN);
      const claimed = `WITH claimed AS (${CLAIM} RETURNING lane.endpoint_id) SELECT endpoint_id FROM claimed`;
      const lanes: { endpoint_id: string }[] = await tx.query(claimed, [
        limit,
        this.endpointConcurrency,
        failing,
        claim,
        this.leaseSeconds,
      ]);
      if (lanes.length === 0) return [];
      const endpoints = [...new Set(lanes.map(({ endpoint_id }) => endpoint_id))];
      const heads: HeadRow[] = await tx.query(HEADS, [claim, endpoints]);
      if (heads.length < lanes.length) await releaseEmpty(tx, claim, endpoints, heads);
      return heads;
    });
    return Promise.all(rows.map((row) => this.withKeys(row, claim)));
  }

  /**
   * @param takeNext keeps the claim for the next delivery of the lane, which costs less than another claim
   * @returns whether it was recorded: else it was not this process's any more; and the next delivery, which is this process's now
   */
  async delivered(
    { endpointId, subject, claim, deliveryId, kind }: ClaimedDelivery,
    { status, takeNext }: { readonly status: number; readonly takeNext: boolean },
  ): Promise<{ readonly recorded: boolean; readonly next: ClaimedDelivery | null }> {
    let next: HeadRow | undefined;
    const recorded = await this.finish({ endpointId, subject, claim }, async (tx) => {
      const isWorking = kind !== 'test';
      const values = [endpointId, subject, deliveryId, status, isWorking, takeNext, this.leaseSeconds];
      [next] = await tx.query<HeadRow[]>(DELIVERED, values);
    });
    return { recorded, next: next === undefined ? null : await this.withKeys(next, claim) };
  }

  /** False: it was not this process's any more. `disabled`: this failure was the one after which nobody tries any more. */
  async failed(
    { endpointId, subject, claim, deliveryId, kind }: ClaimedDelivery,
    { status, error, pauseMs, isGone }: Failure,
  ): Promise<{ readonly recorded: boolean; readonly disabled: boolean }> {
    let disabled = false;
    const recorded = await this.finish({ endpointId, subject, claim }, async (tx) => {
      await tx.query(
        `UPDATE notifications.webhook_delivery SET response_status = $2, error = $3,
           status = CASE WHEN $4::double precision IS NULL THEN 'failed' ELSE status END,
           next_attempt_at = clock_timestamp() + make_interval(secs => $4)
         WHERE delivery_id = $1`,
        [deliveryId, status, error, pauseMs === null ? null : pauseMs / 1_000],
      );
      if (kind !== 'test') disabled = await recordFailure(tx, endpointId, isGone);
      if (pauseMs === null) await goOn(tx, endpointId, subject);
      else await tx.query(WAIT, [endpointId, subject, pauseMs / 1_000]);
    });
    return { recorded, disabled };
  }

  /**
   * As if the attempt had not been.
   * @param disable the endpoint has lost the permission it depends on
   * @returns whether it was disabled by that
   */
  async release({ endpointId, subject, claim, deliveryId }: ClaimedDelivery, disable = false): Promise<boolean> {
    let disabled: readonly unknown[] = [];
    await this.finish({ endpointId, subject, claim }, async (tx) => {
      if (disable) disabled = await tx.query(DISABLE_UNAUTHORIZED, [endpointId]);
      await tx.query(
        'UPDATE notifications.webhook_delivery SET attempts = greatest(attempts - 1, 0) WHERE delivery_id = $1',
        [deliveryId],
      );
      await goOn(tx, endpointId, subject);
    });
    return disabled.length > 0;
  }

  /** Seconds that the delivery which could go out for the longest has been waiting; 0 where none does. */
  async oldestDueSeconds(): Promise<number> {
    const [row]: { seconds: number | null }[] = await this.dataSource.query(
      `SELECT extract(epoch FROM statement_timestamp() - min(lane.not_before))::float8 AS seconds
       FROM notifications.webhook_endpoint endpoint CROSS JOIN LATERAL (
         SELECT not_before FROM notifications.webhook_lane lane
         WHERE lane.endpoint_id = endpoint.endpoint_id AND lane.not_before IS NOT NULL ORDER BY not_before LIMIT 1) AS lane
       WHERE endpoint.status = 'active'`,
    );
    return Math.max(0, row?.seconds ?? 0);
  }

  private finish(
    { endpointId, subject, claim }: Pick<ClaimedDelivery, 'endpointId' | 'subject' | 'claim'>,
    record: (tx: EntityManager) => Promise<void>,
  ): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      const held: unknown[] = await tx.query(LOCK_LANE, [endpointId, subject, claim]);
      if (held.length === 0) return false;
      await record(tx);
      return true;
    });
  }

  private async withKeys(row: HeadRow, claim: string): Promise<ClaimedDelivery> {
    return { ...row, claim, keys: await this.unlocked(row) };
  }

  private async unlocked({ keys }: HeadRow): Promise<readonly WebhookKey[] | null> {
    try {
      return await Promise.all(
        (keys ?? []).map(async ({ keyId, secret, privateKey, publicKey }) => ({
          secret: await this.vault.unlock(secret, keyId),
          privateKey: await this.vault.unlock(privateKey, keyId),
          publicKey,
        })),
      );
    } catch {
      return null;
    }
  }
}

const DISABLE_UNAUTHORIZED = `
  WITH disabled AS (
    UPDATE notifications.webhook_endpoint SET
      status = 'disabled', disabled_at = clock_timestamp(), disabled_reason = 'unauthorized', revision = revision + 1,
      mail_due = true
    WHERE endpoint_id = $1 AND status = 'active' RETURNING 1
  ) SELECT * FROM disabled`;

const WAIT = `
  UPDATE notifications.webhook_lane SET claim = NULL, not_before = clock_timestamp() + make_interval(secs => $3)
  WHERE endpoint_id = $1 AND subject = $2`;

/**
 * $1 endpoint, $2 subject, $3 delivery, $4 status, $5 whether it shows that the endpoint works, $6 whether the next delivery of the lane is
 * taken, $7 seconds of its lease. In one statement, because there are many.
 */
const DELIVERED = `
  WITH delivered AS (
    UPDATE notifications.webhook_delivery
    SET status = 'delivered', response_status = $4, error = NULL, delivered_at = clock_timestamp() WHERE delivery_id = $3
  ), working AS (
    UPDATE notifications.webhook_endpoint SET failing_since = NULL
    WHERE endpoint_id = $1 AND failing_since IS NOT NULL AND $5
  ), head AS (
    SELECT delivery_id FROM notifications.webhook_delivery delivery
    WHERE delivery.endpoint_id = $1 AND delivery.subject = $2 AND delivery.status = 'pending' AND delivery.delivery_id <> $3
    ORDER BY ordinal LIMIT 1
  ), attempted AS (
    UPDATE notifications.webhook_delivery delivery
    SET ${ATTEMPT}
    FROM head, notifications.webhook_endpoint endpoint
    WHERE delivery.delivery_id = head.delivery_id AND endpoint.endpoint_id = $1 AND endpoint.status = 'active' AND $6
    RETURNING delivery.*
  ), lane AS (
    UPDATE notifications.webhook_lane SET
      claim = CASE WHEN EXISTS (SELECT FROM attempted) THEN claim END,
      not_before = CASE
        WHEN EXISTS (SELECT FROM attempted) THEN clock_timestamp() + make_interval(secs => $7)
        WHEN EXISTS (SELECT FROM head) THEN statement_timestamp()
      END
    WHERE endpoint_id = $1 AND subject = $2
  )
  ${ATTEMPTED}`;

/** The next delivery of the lane is due, or there is none. */
const goOn = (tx: EntityManager, endpointId: string, subject: string): Promise<unknown> =>
  tx.query(
    `UPDATE notifications.webhook_lane SET claim = NULL, not_before = CASE WHEN ${HAS_NEXT} THEN statement_timestamp() END
     WHERE endpoint_id = $1 AND subject = $2`,
    [endpointId, subject],
  );

/** Whether the endpoint is disabled by it. */
async function recordFailure(tx: EntityManager, endpointId: string, isGone: boolean): Promise<boolean> {
  const disabled: unknown[] = await tx.query(
    `WITH disabled AS (
       UPDATE notifications.webhook_endpoint SET
         status = 'disabled', disabled_at = clock_timestamp(), revision = revision + 1, mail_due = true,
         disabled_reason = CASE WHEN $2 THEN 'gone' ELSE 'failing' END,
         failing_since = coalesce(failing_since, clock_timestamp())
       WHERE endpoint_id = $1 AND status = 'active'
         AND ($2 OR failing_since <= clock_timestamp() - make_interval(secs => $3))
       RETURNING 1
     ) SELECT * FROM disabled`,
    [endpointId, isGone, DISABLE_AFTER_SECONDS],
  );
  if (disabled.length > 0) return true;
  await tx.query(
    `UPDATE notifications.webhook_endpoint SET failing_since = clock_timestamp()
     WHERE endpoint_id = $1 AND failing_since IS NULL`,
    [endpointId],
  );
  return false;
}

/** Lanes whose deliveries are gone with their retention. */
async function releaseEmpty(
  tx: EntityManager,
  claim: string,
  endpoints: readonly string[],
  heads: readonly HeadRow[],
): Promise<void> {
  await tx.query(
    `UPDATE notifications.webhook_lane lane SET claim = NULL, not_before = NULL
     WHERE lane.endpoint_id = ANY ($2) AND lane.claim = $1 AND NOT EXISTS (
       SELECT FROM unnest($3::uuid[], $4::text[]) AS head (endpoint_id, subject)
       WHERE head.endpoint_id = lane.endpoint_id AND head.subject = lane.subject)`,
    [claim, endpoints, heads.map(({ endpointId }) => endpointId), heads.map(({ subject }) => subject)],
  );
}
