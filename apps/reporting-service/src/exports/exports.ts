import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { ExportAnswer, ExportManifest, ExportRequest } from '@allotree/contracts';
import type { DataSource } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** A stored export. */
export interface StoredExport {
  readonly export_id: string;
  readonly user_id: string;
  /** `null`: every tenant. */
  readonly tenants: readonly string[] | null;
  readonly request: ExportRequest;
  readonly status: ExportAnswer['status'];
  readonly attempts: number;
  readonly rows: string;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly expires_at: Date;
  readonly reason: string | null;
  readonly manifest: ExportManifest | null;
}

export interface NewExport {
  readonly exportId: string;
  readonly userId: string;
  readonly tenants: readonly string[] | null;
  readonly request: ExportRequest;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Exports that one caller can have at a time. */
export const MAX_EXPORTS = 20;

/** The exports and the pieces of their files. */
@Injectable()
export class Exports {
  constructor(@InjectDataSource(REPORTING) private readonly dataSource: DataSource) {}

  /** @returns false where the caller has too many already */
  async add({ exportId, userId, tenants, request, createdAt, expiresAt }: NewExport): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('allotree exports of ' || $1, 0))", [userId]);
      const [count]: { count: number }[] = await tx.query(
        `SELECT count(*)::integer FROM ${REPORTING}.export WHERE user_id = $1`,
        [userId],
      );
      if ((count?.count ?? 0) >= MAX_EXPORTS) return false;
      await tx.query(
        `INSERT INTO ${REPORTING}.export (export_id, user_id, tenants, request, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [exportId, userId, tenants, JSON.stringify(request), createdAt, expiresAt],
      );
      return true;
    });
  }

  async find(exportId: string): Promise<StoredExport | null> {
    const rows: StoredExport[] = await this.dataSource.query(`SELECT * FROM ${REPORTING}.export WHERE export_id = $1`, [
      exportId,
    ]);
    return rows[0] ?? null;
  }

  async ofUser(userId: string): Promise<readonly StoredExport[]> {
    return this.dataSource.query(
      `SELECT * FROM ${REPORTING}.export WHERE user_id = $1 ORDER BY created_at DESC, export_id`,
      [userId],
    );
  }

  async remove(exportId: string): Promise<void> {
    await this.dataSource.query(`DELETE FROM ${REPORTING}.export WHERE export_id = $1`, [exportId]);
  }

  /** The ids of those that are not finished, the oldest first. */
  async unfinished(): Promise<readonly string[]> {
    const rows: { export_id: string }[] = await this.dataSource.query(
      `SELECT export_id FROM ${REPORTING}.export WHERE status IN ('queued', 'running') ORDER BY created_at LIMIT 10`,
    );
    return rows.map(({ export_id }) => export_id);
  }

  /** Begins an export, perhaps again: what an earlier attempt wrote is gone. `null`: it is finished, or was removed. */
  async begin(exportId: string): Promise<StoredExport | null> {
    return this.dataSource.transaction(async (tx) => {
      const [rows]: [StoredExport[], number] = await tx.query(
        `UPDATE ${REPORTING}.export SET status = 'running', attempts = attempts + 1, rows = 0
         WHERE export_id = $1 AND status IN ('queued', 'running') RETURNING *`,
        [exportId],
      );
      await tx.query(`DELETE FROM ${REPORTING}.export_piece WHERE export_id = $1`, [exportId]);
      return rows[0] ?? null;
    });
  }

  /** @returns false where the export was removed meanwhile */
  async keepPiece(exportId: string, piece: number, bytes: Buffer): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query(
      `INSERT INTO ${REPORTING}.export_piece SELECT export_id, $2, $3 FROM ${REPORTING}.export WHERE export_id = $1 RETURNING piece`,
      [exportId, piece, bytes],
    );
    return rows.length > 0;
  }

  async showProgress(exportId: string, rows: number): Promise<void> {
    await this.dataSource.query(`UPDATE ${REPORTING}.export SET rows = $2 WHERE export_id = $1`, [exportId, rows]);
  }

  async finish(exportId: string, at: Date, manifest: ExportManifest): Promise<void> {
    const rows = manifest.files.reduce((sum, file) => sum + file.rows, 0);
    await this.dataSource.query(
      `UPDATE ${REPORTING}.export SET status = 'done', rows = $2, finished_at = $3, manifest = $4 WHERE export_id = $1`,
      [exportId, rows, at, JSON.stringify(manifest)],
    );
  }

  async fail(exportId: string, at: Date, reason: string): Promise<void> {
    await this.dataSource.query(`DELETE FROM ${REPORTING}.export_piece WHERE export_id = $1`, [exportId]);
    await this.dataSource.query(
      `UPDATE ${REPORTING}.export SET status = 'failed', finished_at = $2, reason = $3 WHERE export_id = $1`,
      [exportId, at, reason],
    );
  }

  async removeExpired(now: Date): Promise<void> {
    await this.dataSource.query(`DELETE FROM ${REPORTING}.export WHERE expires_at <= $1`, [now]);
  }

  /** The bytes of a file, piece by piece. */
  async *bytesOf(exportId: string): AsyncGenerator<Buffer> {
    for (let piece = 0; ; piece += 1) {
      const rows: { bytes: Buffer }[] = await this.dataSource.query(
        `SELECT bytes FROM ${REPORTING}.export_piece WHERE export_id = $1 AND piece = $2`,
        [exportId, piece],
      );
      if (!rows[0]) return;
      yield rows[0].bytes;
    }
  }

  /** Runs work that no other process does at the same time. @returns false where another one is at it */
  async alone(exportId: string, work: () => Promise<void>): Promise<boolean> {
    const connection = this.dataSource.createQueryRunner();
    const key = 'hashtextextended($1, 0)';
    const name = [`allotree export ${exportId}`];
    try {
      const answer: unknown = await connection.query(`SELECT pg_try_advisory_lock(${key}) AS taken`, name);
      const [lock] = answer as readonly { taken: boolean }[];
      if (lock?.taken !== true) return false;
      try {
        await work();
      } finally {
        await connection.query(`SELECT pg_advisory_unlock(${key})`, name);
      }
      return true;
    } finally {
      await connection.release();
    }
  }
}
