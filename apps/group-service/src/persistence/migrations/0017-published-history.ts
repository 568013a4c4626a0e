import { forgetPublishedHistory, notePublishedHistory } from '@allotree/event-sourcing';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The reporting service needs more than earlier versions have published. */
export class PublishedHistory1822000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await notePublishedHistory(runner, 'groups', 'publish_groups');
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetPublishedHistory(runner, 'groups');
  }
}
