import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { BILLING_TOPIC, type CloudEvent } from '@allotree/contracts';
import { BusPublisher } from '@allotree/bus';
import { findsAny } from '@allotree/read-models';
import type { DataSource, EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';

const AT_ONCE = 500;
/** One process at a time publishes, so that the events about a buyer keep their order. */
const TAKE_TURN = `SELECT pg_try_advisory_xact_lock(hashtextextended('allotree billing outbox', 0)) AS taken`;

/** Fails where the connection that has the turn is gone. */
const HAS_TURN = 'SELECT';

/** Publishes what was recorded with a document: at least once, under the same id. */
@Injectable()
export class BillingOutbox {
  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    private readonly bus: BusPublisher,
  ) {}

  /** @returns whether there may be more */
  async publish(): Promise<boolean> {
    if (!(await findsAny(this.dataSource, `SELECT FROM ${REPORTING}.billing_outbox LIMIT 1`))) return false;
    return this.dataSource.transaction(async (tx) => {
      const [turn]: { taken: boolean }[] = await tx.query(TAKE_TURN);
      if (turn?.taken !== true) return false;
      const rows: { position: string; event: CloudEvent }[] = await tx.query(
        `SELECT position, event FROM ${REPORTING}.billing_outbox ORDER BY position LIMIT ${AT_ONCE}`,
      );
      if (rows.length === 0) return false;
      await this.publishInTurn(
        tx,
        rows.map(({ event }) => event),
      );
      await tx.query(`DELETE FROM ${REPORTING}.billing_outbox WHERE position = ANY ($1::bigint[])`, [
        rows.map(({ position }) => position),
      ]);
      return rows.length === AT_ONCE;
    });
  }

  /**
   * On Kafka, a process whose turn comes again was fenced by the one that published meanwhile, which it learns at its first attempt. The second
   * one is made only while this transaction has the turn.
   */
  private async publishInTurn(tx: EntityManager, events: readonly CloudEvent[]): Promise<void> {
    try {
      await this.bus.publish(BILLING_TOPIC, events);
    } catch {
      await tx.query(HAS_TURN);
      await this.bus.publish(BILLING_TOPIC, events);
    }
  }
}
