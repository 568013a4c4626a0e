import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { ExportManifest } from '@allotree/contracts';
import { Clock, LOGGER, type Logger } from '@allotree/basics';
import { withTenants } from '@allotree/read-models';
import pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { RepeatedWork } from '../repeated-work.js';
import { REPORTING } from '../tokens.js';
import { copyCsv, csvExpression } from './csv.js';
import { DATASETS } from './datasets.js';
import { encoderOf, NotWritable } from './encoders.js';
import { Exports, type StoredExport } from './exports.js';
import { rowsOf, statementOf, type Extent } from './rows.js';

const LOOK_MS = 2_000;
const PIECE_BYTES = 1_000_000;
const MAX_ROWS = 5_000_000;
const ATTEMPTS = 3;

/** Nobody wants it any more, or the process stops. */
class GivenUp extends Error {}

/**
 * Writes exports, one at a time in each process. One that a killed process leaves is begun again by another, since its lock is free; a file is
 * read from one state of the tables, in one transaction.
 */
@Injectable()
export class ExportWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly work: RepeatedWork;

  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    private readonly exports: Exports,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.work = new RepeatedWork({
      step: () => this.advance(),
      lookMs: LOOK_MS,
      pauseMs: LOOK_MS,
      logger,
      failure: ['warn', 'exports could not be written, retrying'],
    });
  }

  onApplicationBootstrap(): void {
    this.work.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.work.stop();
  }

  /** There may be a new export. */
  look(): void {
    this.work.notify();
  }

  private async advance(): Promise<boolean> {
    await this.exports.removeExpired(new Date(this.clock.now()));
    return this.writeNext();
  }

  /** @returns whether there was one to write */
  private async writeNext(): Promise<boolean> {
    for (const exportId of await this.exports.unfinished())
      if (await this.exports.alone(exportId, () => this.writeOne(exportId))) return true;
    return false;
  }

  private async writeOne(exportId: string): Promise<void> {
    const stored = await this.exports.begin(exportId);
    if (!stored) return;
    try {
      const manifest = await this.write(stored);
      await this.exports.finish(exportId, new Date(this.clock.now()), manifest);
    } catch (error) {
      if (error instanceof GivenUp) return;
      if (!(error instanceof NotWritable) && stored.attempts < ATTEMPTS) throw error;
      if (!(error instanceof NotWritable))
        this.logger.error({ err: error, exportId }, 'an export could not be written');
      const reason = error instanceof NotWritable ? error.message : 'It could not be written; the log says why.';
      await this.exports.fail(exportId, new Date(this.clock.now()), reason);
    }
  }

  private write(stored: StoredExport): Promise<ExportManifest> {
    const extent = extentOf(stored);
    const { columns } = DATASETS[extent.request.dataset];
    const file = new PiecedFile(this.exports, stored.export_id);
    const read = async (tx: EntityManager): Promise<ExportManifest> => {
      const [position, final] = [await positionOf(tx), await isFinal(tx, extent)];
      const copied = extent.request.format === 'csv' ? copiedStatement(extent) : null;
      const count =
        copied === null ? await this.encode(tx, stored, extent, file) : await this.copy(tx, stored, copied, file);
      const { bytes, sha256 } = await file.end();
      const name = `${extent.request.dataset}.${extent.request.format}`;
      return {
        files: [{ name, rows: count, bytes, sha256, path: `/exports/${stored.export_id}/files/${name}` }],
        schema: columns.map((column) => ({ name: column.name, type: column.type })),
        position,
        at: new Date(extent.at).toISOString(),
        final,
      };
    };
    return withTenants(this.dataSource, stored.tenants, read, 'REPEATABLE READ');
  }

  /** @returns the number of rows */
  private async encode(tx: EntityManager, stored: StoredExport, extent: Extent, file: PiecedFile): Promise<number> {
    const encoder = encoderOf(extent.request.format, DATASETS[extent.request.dataset].columns);
    let count = 0;
    for await (const rows of rowsOf(tx, extent)) {
      count += rows.length;
      this.goOn(count);
      await file.append(await encoder.write(rows));
      await this.exports.showProgress(stored.export_id, count);
    }
    await file.append(await encoder.end());
    return count;
  }

  /** @returns the number of rows */
  private async copy(tx: EntityManager, stored: StoredExport, sql: string, file: PiecedFile): Promise<number> {
    let lines = 0;
    const count = await copyCsv(this.dataSource, tx, `${sql} LIMIT ${MAX_ROWS + 1}`, async (bytes, more) => {
      lines += more;
      this.goOn(0);
      // The first line has the names of the columns; texts can have lines of their own.
      if (await file.append(bytes)) await this.exports.showProgress(stored.export_id, lines - 1);
    });
    this.goOn(count);
    return count;
  }

  private goOn(count: number): void {
    if (this.work.isStopping) throw new GivenUp();
    if (count > MAX_ROWS) throw new NotWritable(`An export takes at most ${MAX_ROWS} rows: filter them`);
  }
}

/** The statement of a copy, which has no parameters; `null`: the rows are not those of tables. */
const copiedStatement = (extent: Extent): string | null =>
  statementOf(extent, { bind: (value) => pg.escapeLiteral(String(value)), written: csvExpression });

function extentOf({ request, created_at }: StoredExport): Extent {
  const at = Date.parse(request.to ?? request.at ?? created_at.toISOString());
  return { request, at, from: request.from === undefined ? null : Date.parse(request.from) };
}

async function positionOf(tx: EntityManager): Promise<string> {
  const [row]: { position: string }[] = await tx.query(
    `SELECT coalesce(max(position), 0)::text AS position FROM ${REPORTING}.subject_progress`,
  );
  return row?.position ?? '0';
}

/** Nothing before the last event of a project changes any more. */
async function isFinal(tx: EntityManager, { at }: Extent): Promise<boolean> {
  const [row]: { is_final: boolean }[] = await tx.query(
    `SELECT NOT EXISTS (
       SELECT FROM ${REPORTING}.project_version p LEFT JOIN ${REPORTING}.subject_progress progress
         ON progress.subject = p.project_id AND progress.source = '/license-service'
       WHERE p.until_at IS NULL AND NOT p.is_closed AND (progress.at IS NULL OR progress.at <= $1)) AS is_final`,
    [new Date(at)],
  );
  return row?.is_final ?? false;
}

/** A file that is kept in pieces of a bounded size. */
class PiecedFile {
  private readonly hash = createHash('sha256');
  private bytes = 0;
  private pieces = 0;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;

  constructor(
    private readonly exports: Exports,
    private readonly exportId: string,
  ) {}

  /** @returns whether pieces were kept */
  async append(bytes: Buffer): Promise<boolean> {
    if (bytes.length === 0) return false;
    this.hash.update(bytes);
    this.bytes += bytes.length;
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    const isEnough = this.waitingBytes >= PIECE_BYTES;
    if (isEnough) await this.keep();
    return isEnough;
  }

  async end(): Promise<{ readonly bytes: number; readonly sha256: string }> {
    if (this.waitingBytes > 0) await this.keep();
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  private async keep(): Promise<void> {
    const all = Buffer.concat(this.waiting);
    this.waiting = [];
    this.waitingBytes = 0;
    for (let from = 0; from < all.length; from += PIECE_BYTES)
      if (!(await this.exports.keepPiece(this.exportId, this.pieces++, all.subarray(from, from + PIECE_BYTES))))
        throw new GivenUp();
  }
}
