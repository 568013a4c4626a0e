import { forgetPublishedHistory, notePublishedHistory } from '@allotree/event-sourcing';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The reporting service needs more than earlier versions have published. */
export class PublishedHistory1822000000000 implements MigrationInterface {
  name = 'PublishedHistory1822000000000';

  async up(runner: QueryRunner): Promise<void> {
    await notePublishedHistory(runner, 'licensing', 'publish-licensing');
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetPublishedHistory(runner, 'licensing');
  }
}
