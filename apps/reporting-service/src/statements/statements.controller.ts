import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { CreditNoteRequest, Id, StatementAnswer, StatementContent, StatementQuery } from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit, type Principal } from '@allotree/http';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AccountAccess } from './account-access.js';
import { CREDIT_NOTE_EXAMPLE, STATEMENT_EXAMPLE } from './examples.js';
import { IssuedDocuments } from './issued-documents.js';
import { FILE_TYPES, fileOf, type FileFormat } from './statement-files.js';
import { SplitByBuilding } from './split-by-building.js';
import { StatementIssuer } from './statement-issuer.js';

const StatementPath = z.strictObject({ statementId: Id });
type StatementPath = z.infer<typeof StatementPath>;

@Controller('statements')
export class StatementsController {
  constructor(
    private readonly documents: IssuedDocuments,
    private readonly splits: SplitByBuilding,
    private readonly access: AccountAccess,
    private readonly issuer: StatementIssuer,
    private readonly clock: Clock,
  ) {}

  @Get(':statementId')
  @Permit('statements:read')
  @Documented({
    tag: 'Billing',
    summary: 'Show a statement or credit note with its hash and signature',
    description:
      'It never changes. `hash` is the SHA-256 of the canonical JSON (RFC 8785) of `content`, which `signature` signs. With `splitBy=building`, `split` has the parts of each line about the use of a project: those of its buildings in proportion to their use, and one for use outside all of them. They add up to the line, to the last unit of the currency.',
    response: { schema: StatementAnswer, example: STATEMENT_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async show(
    @Param({ schema: StatementPath }) { statementId }: StatementPath,
    @Query({ schema: StatementQuery }) { splitBy }: StatementQuery,
    @Caller() { principal }: Caller,
  ): Promise<StatementAnswer> {
    const answer = await this.documents.visible(principal, statementId);
    return splitBy === undefined ? answer : { ...answer, split: await this.splits.of(principal, answer.content) };
  }

  // Before that of .csv, which it ends with.
  @Get(':statementId.focus.csv')
  @Permit('statements:read')
  @Documented({
    tag: 'Billing',
    summary: 'Download a statement or credit note in the format FOCUS 1.2',
    description:
      'The columns of the FinOps Open Cost and Usage Specification 1.2, and those of this system, which begin with `x_`. A statement without a currency has the code XXX and costs of 0.',
    response: { schema: z.string(), example: 'BilledCost,BillingAccountId,...', mediaType: 'text/csv' },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  focus(
    @Param({ schema: StatementPath }) path: StatementPath,
    @Caller() { principal }: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.send(reply, { ...path, principal, format: 'focus.csv' });
  }

  @Get(':statementId.csv')
  @Permit('statements:read')
  @Documented({
    tag: 'Billing',
    summary: 'Download the lines of a statement or credit note as CSV',
    description:
      'One row for each line; with `splitBy=building` one for each part of it, with `building_id` and `building_name`, which are empty for use outside all buildings.',
    response: { schema: z.string(), example: 'document_id,account_id,...', mediaType: 'text/csv' },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  csv(
    @Param({ schema: StatementPath }) path: StatementPath,
    @Query({ schema: StatementQuery }) query: StatementQuery,
    @Caller() { principal }: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.send(reply, { ...path, ...query, principal, format: 'csv' });
  }

  @Get(':statementId.json')
  @Permit('statements:read')
  @Documented({
    tag: 'Billing',
    summary: 'Download a statement or credit note as canonical JSON',
    description: 'The SHA-256 of the file is the hash of the document, and its signature signs the file.',
    response: { schema: StatementContent, example: STATEMENT_EXAMPLE.content, mediaType: 'application/json' },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  json(
    @Param({ schema: StatementPath }) path: StatementPath,
    @Caller() { principal }: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.send(reply, { ...path, principal, format: 'json' });
  }

  @Get(':statementId.parquet')
  @Permit('statements:read')
  @Documented({
    tag: 'Billing',
    summary: 'Download the lines of a statement or credit note as Parquet',
    description:
      'One row for each line; with `splitBy=building` one for each part of it, with `building_id` and `building_name`, which are empty for use outside all buildings.',
    response: { schema: z.string(), example: 'PAR1...', mediaType: 'application/vnd.apache.parquet' },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  parquet(
    @Param({ schema: StatementPath }) path: StatementPath,
    @Query({ schema: StatementQuery }) query: StatementQuery,
    @Caller() { principal }: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.send(reply, { ...path, ...query, principal, format: 'parquet' });
  }

  @Post(':statementId/credit-notes')
  @HttpCode(HttpStatus.CREATED)
  @Permit('billing:manage')
  @Documented({
    tag: 'Billing',
    summary: 'Issue a credit note, which takes back lines of a statement',
    description:
      'For the seller alone. Without `lines`, all of the statement. A line is credited once. The statement stays unchanged; the credit note is the next document of the account.',
    response: { status: 201, schema: StatementAnswer, example: CREDIT_NOTE_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND', 'ALREADY_CREDITED'],
    idempotent: true,
  })
  async credit(
    @Param({ schema: StatementPath }) { statementId }: StatementPath,
    @Body({ schema: CreditNoteRequest }) request: CreditNoteRequest,
    @Caller() caller: Caller,
  ): Promise<StatementAnswer> {
    const { content } = await this.documents.visible(caller.principal, statementId);
    const account = await this.access.managed(caller.principal, content.accountId);
    const asked = { now: this.clock.now(), actor: caller.context.actor, commandId: caller.context.commandId };
    const creditNoteId = await this.documents.credit(account, { statementId, request, asked });
    this.issuer.look();
    return this.documents.visible(caller.principal, creditNoteId);
  }

  private async send(
    reply: FastifyReply,
    asked: StatementPath & StatementQuery & { readonly principal: Principal; readonly format: FileFormat },
  ): Promise<void> {
    const { statementId, format, principal, splitBy } = asked;
    const { content } = await this.documents.visible(principal, statementId);
    const split = splitBy === undefined ? null : await this.splits.of(principal, content);
    const bytes = await fileOf(content, format, split);
    await reply
      .header('content-type', FILE_TYPES[format])
      .header('content-length', bytes.length)
      .header('content-disposition', `attachment; filename="${statementId}.${format}"`)
      .send(bytes);
  }
}
