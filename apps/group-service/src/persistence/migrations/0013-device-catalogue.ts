import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The vendor's devices (L2). Of no tenant: callers see them through routes of the vendor alone. */
export class DeviceCatalogue1812000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE groups.catalogued_device (
        serial_key    text        PRIMARY KEY,
        serial_number text        NOT NULL,
        catalogued_at timestamptz NOT NULL,
        ordinal       bigint      NOT NULL UNIQUE
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE groups.catalogued_device');
  }
}
