import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Inject, Param, Post, Res } from '@nestjs/common';
import { ExportAnswer, ExportRequest, ExportsAnswer, FilterFault, Id } from '@allotree/contracts';
import { Clock, CONFIGURATION } from '@allotree/basics';
import { Caller, Documented, Permit, Problem, type Principal } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { wholeTenantsOf } from '../access/whole-tenants.js';
import type { ReportingConfiguration } from '../configuration.js';
import { CONTENT_TYPES } from './encoders.js';
import { ExportWorker } from './export-worker.js';
import { Exports, MAX_EXPORTS, type StoredExport } from './exports.js';
import { filterOf } from './rows.js';

const HOUR_MS = 3_600_000;

const ExportPath = z.strictObject({ exportId: Id });
type ExportPath = z.infer<typeof ExportPath>;
const FilePath = z.strictObject({
  exportId: Id,
  file: z.string().regex(/^[\w.-]{1,80}$/, 'must be the name of a file'),
});
type FilePath = z.infer<typeof FilePath>;

const EXAMPLE: ExportAnswer = {
  exportId: '5e0f6a8c-8a5d-4c0b-b3a4-9c1d2e3f4a5b',
  dataset: 'usage_of_projects',
  format: 'csv',
  status: 'done',
  rows: 36,
  createdAt: '2027-01-04T08:00:00.000Z',
  finishedAt: '2027-01-04T08:00:01.000Z',
  expiresAt: '2027-01-07T08:00:00.000Z',
  reason: null,
  manifest: {
    files: [
      {
        name: 'usage_of_projects.csv',
        rows: 36,
        bytes: 5_120,
        sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        path: '/exports/5e0f6a8c-8a5d-4c0b-b3a4-9c1d2e3f4a5b/files/usage_of_projects.csv',
      },
    ],
    schema: [{ name: 'project_id', type: 'text' }],
    position: '4711',
    at: '2027-01-01T00:00:00.000Z',
    final: false,
  },
};

const notFound = (): Problem => new Problem('NOT_FOUND', 'There is no such export, or it was removed');

@Controller('exports')
export class ExportsController {
  constructor(
    private readonly exports: Exports,
    private readonly worker: ExportWorker,
    private readonly permissionChecker: PermissionChecker,
    private readonly clock: Clock,
    @Inject(CONFIGURATION) private readonly configuration: ReportingConfiguration,
  ) {}

  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  @Permit('events:read')
  @Documented({
    tag: 'reporting',
    summary: 'Export rows about the past to a file',
    description:
      'Datasets of an instant (`at`, default: now) have what was there then; `usage_of_projects` and `usage_of_groups` have the use in a period, cut into windows; `events` has the integration events of a period. ' +
      'The rows are those of the tenants in which the caller holds `events:read` as a whole, of one state of the tables. `filter` selects rows by the columns of the dataset. ' +
      'Ask `GET /exports/{exportId}` until it is `done`; the manifest names the file, its rows, bytes and SHA-256. In CSV and XLSX, texts that a spreadsheet would compute begin with an apostrophe. XLSX takes 100,000 rows.',
    body: {
      dataset: 'usage_of_projects',
      format: 'csv',
      from: '2026-01-01T00:00:00Z',
      to: '2027-01-01T00:00:00Z',
      window: 'P1M',
    },
    response: {
      status: 202,
      schema: ExportAnswer,
      example: { ...EXAMPLE, status: 'queued', rows: 0, finishedAt: null, manifest: null },
    },
    problems: ['VALIDATION'],
    idempotent: true,
  })
  async start(
    @Body({ schema: ExportRequest }) request: ExportRequest,
    @Caller() { principal }: Caller,
  ): Promise<ExportAnswer> {
    checkFilter(request);
    const tenants = await wholeTenantsOf(this.permissionChecker, principal, 'Exports');
    const now = this.clock.now();
    const created = {
      exportId: randomUUID(),
      userId: principal.userId,
      tenants,
      request,
      createdAt: new Date(now),
      expiresAt: new Date(now + this.configuration.EXPORT_RETENTION_HOURS * HOUR_MS),
    };
    if (!(await this.exports.add(created)))
      throw new Problem('RATE_LIMITED', `This caller has ${MAX_EXPORTS} exports already: remove some`, {
        retryAfterSeconds: 60,
      });
    this.worker.look();
    return this.show(created.exportId, principal);
  }

  @Get()
  @Permit('events:read')
  @Documented({
    tag: 'reporting',
    summary: "List the caller's exports, the newest first",
    response: { schema: ExportsAnswer, example: { items: [EXAMPLE], nextCursor: null } },
  })
  async list(@Caller() { principal }: Caller): Promise<ExportsAnswer> {
    const tenants = await wholeTenantsOf(this.permissionChecker, principal, 'Exports');
    const own = await this.exports.ofUser(principal.userId);
    return { items: own.filter((stored) => seesAllOf(stored, tenants)).map(answerOf), nextCursor: null };
  }

  @Get(':exportId')
  @Permit('events:read')
  @Documented({
    tag: 'reporting',
    summary: 'Show an export: its progress, and in the end its manifest',
    response: { schema: ExportAnswer, example: EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  one(@Param({ schema: ExportPath }) { exportId }: ExportPath, @Caller() { principal }: Caller): Promise<ExportAnswer> {
    return this.show(exportId, principal);
  }

  @Get(':exportId/files/:file')
  @Permit('events:read')
  @Documented({
    tag: 'reporting',
    summary: 'Download the file of an export',
    response: { schema: z.string(), example: 'project_id,...', mediaType: 'application/octet-stream' },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async download(
    @Param({ schema: FilePath }) { exportId, file }: FilePath,
    @Caller() { principal }: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const stored = await this.own(exportId, principal);
    const found = stored.manifest?.files.find(({ name }) => name === file);
    if (!found) throw notFound();
    await reply
      .header('content-type', CONTENT_TYPES[stored.request.format])
      .header('content-length', found.bytes)
      .header('content-disposition', `attachment; filename="${file}"`)
      .send(Readable.from(this.exports.bytesOf(exportId)));
  }

  @Delete(':exportId')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Permit('events:read')
  @Documented({
    tag: 'reporting',
    summary: 'Remove an export and its file, or give it up',
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async remove(
    @Param({ schema: ExportPath }) { exportId }: ExportPath,
    @Caller() { principal }: Caller,
  ): Promise<void> {
    await this.own(exportId, principal);
    await this.exports.remove(exportId);
  }

  private async show(exportId: string, principal: Principal): Promise<ExportAnswer> {
    return answerOf(await this.own(exportId, principal));
  }

  /** An export of this caller, who must still see all tenants that are in it. */
  private async own(exportId: string, principal: Principal): Promise<StoredExport> {
    const tenants = await wholeTenantsOf(this.permissionChecker, principal, 'Exports');
    const stored = await this.exports.find(exportId);
    if (stored?.user_id !== principal.userId || !seesAllOf(stored, tenants)) throw notFound();
    return stored;
  }
}

/** Whether somebody who sees these tenants sees all that are in an export; `null`: every tenant. */
const seesAllOf = (stored: StoredExport, tenants: readonly string[] | null): boolean =>
  tenants === null || (stored.tenants?.every((tenant) => tenants.includes(tenant)) ?? false);

function checkFilter(request: ExportRequest): void {
  try {
    filterOf(request);
  } catch (error) {
    if (error instanceof FilterFault) throw Problem.validation('filter', error.message);
    throw error;
  }
}

const answerOf = (stored: StoredExport): ExportAnswer => ({
  exportId: stored.export_id,
  dataset: stored.request.dataset,
  format: stored.request.format,
  status: stored.status,
  rows: Number(stored.rows),
  createdAt: stored.created_at.toISOString(),
  finishedAt: stored.finished_at?.toISOString() ?? null,
  expiresAt: stored.expires_at.toISOString(),
  reason: stored.reason,
  manifest: stored.manifest,
});
