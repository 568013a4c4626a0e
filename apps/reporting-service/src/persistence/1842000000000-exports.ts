import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** Exports, and their files in pieces. */
export class Exports1842000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ${REPORTING}.export (
        export_id   text        PRIMARY KEY,
        -- Who asked for it, and for which tenants; NULL: all.
        user_id     text        NOT NULL,
        tenants     text[],
        request     jsonb       NOT NULL,
        status      text        NOT NULL DEFAULT 'queued',
        attempts    integer     NOT NULL DEFAULT 0,
        rows        bigint      NOT NULL DEFAULT 0,
        created_at  timestamptz NOT NULL,
        finished_at timestamptz,
        expires_at  timestamptz NOT NULL,
        reason      text,
        manifest    jsonb
      );
      CREATE INDEX export_of_user ON ${REPORTING}.export (user_id);
      CREATE INDEX export_unfinished ON ${REPORTING}.export (created_at) WHERE status IN ('queued', 'running');
      CREATE INDEX export_expiring ON ${REPORTING}.export (expires_at);
      CREATE TABLE ${REPORTING}.export_piece (
        export_id text    NOT NULL REFERENCES ${REPORTING}.export ON DELETE CASCADE,
        piece     integer NOT NULL,
        bytes     bytea   NOT NULL,
        PRIMARY KEY (export_id, piece)
      );
      -- Files are compressed already, or written and read once.
      ALTER TABLE ${REPORTING}.export_piece ALTER COLUMN bytes SET STORAGE EXTERNAL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ${REPORTING}.export_piece, ${REPORTING}.export`);
  }
}
