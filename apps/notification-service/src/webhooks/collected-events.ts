import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { pulledEventOf, type CloudEvent } from '@allotree/contracts';
import { LOGGER, type Logger } from '@allotree/basics';
import { transientProblem } from '@allotree/http';
import { onRows } from '@allotree/read-models';
import type { DataSource } from 'typeorm';
import { NOTIFICATIONS } from '../tokens.js';
import { WebhookSender } from './webhook-sender.js';

const PAUSE_MS = 1_000;

const COLUMNS = {
  source: 'text',
  id: 'text',
  type: 'text',
  subject: 'text',
  tenant_id: 'text',
  at: 'timestamptz',
  body: 'text',
  place: 'integer',
};

/** Which endpoints of its tenant, or of all tenants, an event goes to. */
const IS_FOR = (event: string): string => `
  (endpoint.tenant_id IS NULL OR endpoint.tenant_id = ${event}.tenant_id)
  AND (endpoint.types IS NULL OR ${event}.type = ANY (endpoint.types))
  AND (endpoint.subjects IS NULL OR ${event}.subject = ANY (endpoint.subjects))`;

/** Keeps the events of tenants with an endpoint; those that are kept already change nothing. Lanes are locked in one order everywhere. */
const collect = (given: string): string => `
  WITH kept AS (
    INSERT INTO notifications.webhook_event (source, id, type, subject, tenant_id, at, body)
    SELECT source, id, type, subject, tenant_id, at, body FROM ${given}
    WHERE EXISTS (
      SELECT FROM notifications.webhook_endpoint endpoint
      WHERE endpoint.tenant_id IS NULL OR endpoint.tenant_id = given.tenant_id)
    ORDER BY place ON CONFLICT (source, id) DO NOTHING
    RETURNING *
  ), queued AS (
    INSERT INTO notifications.webhook_delivery (endpoint_id, tenant_id, position, event_id, type, subject, kind)
    SELECT endpoint.endpoint_id, endpoint.tenant_id, kept.position, kept.id, kept.type, kept.subject, 'event'
    FROM kept JOIN notifications.webhook_endpoint endpoint ON ${IS_FOR('kept')}
    ORDER BY kept.position, endpoint.endpoint_id
    RETURNING endpoint_id, tenant_id, subject
  )
  INSERT INTO notifications.webhook_lane AS lane (endpoint_id, subject, tenant_id, not_before)
  SELECT DISTINCT endpoint_id, subject, tenant_id, statement_timestamp() FROM queued ORDER BY subject, endpoint_id
  ON CONFLICT (endpoint_id, subject) DO UPDATE SET not_before = coalesce(lane.not_before, excluded.not_before)`;

/** Keeps events for the endpoints they are for, and queues them there, in their order. */
@Injectable()
export class CollectedEvents implements OnModuleDestroy {
  private readonly stopping = new AbortController();

  constructor(
    @InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource,
    private readonly sender: WebhookSender,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * While the database does not work it waits: an event that became a dead letter would go out after later ones.
   * @throws when an event cannot be stored at all, or the process stops
   */
  async collect(events: readonly CloudEvent[]): Promise<void> {
    for (;;) {
      try {
        await this.write(events);
        return this.sender.wake();
      } catch (error) {
        if (this.stopping.signal.aborted || transientProblem(error) === null) throw error;
        this.logger.warn({ err: error, events: events.length }, 'events could not be queued as webhooks, retrying');
        await sleep(PAUSE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  private async write(events: readonly CloudEvent[]): Promise<void> {
    const rows = events.map((event, place) => ({
      source: event.source,
      id: event.id,
      type: event.type,
      subject: event.subject,
      tenant_id: event.tenantid,
      at: event.time,
      body: JSON.stringify(pulledEventOf(event)),
      place,
    }));
    await this.dataSource.transaction((tx) => onRows(tx, COLUMNS, rows, collect));
  }
}
