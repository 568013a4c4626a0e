import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { CreditNoteRequest, Id, StatementAnswer } from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit } from '@allotree/http';
import { z } from 'zod';
import { AccountAccess } from './account-access.js';
import { CREDIT_NOTE_EXAMPLE, STATEMENT_EXAMPLE } from './examples.js';
import { IssuedDocuments } from './issued-documents.js';
import { StatementIssuer } from './statement-issuer.js';

const StatementPath = z.strictObject({ statementId: Id });
type StatementPath = z.infer<typeof StatementPath>;

@Controller('statements')
export class StatementsController {
  constructor(
    private readonly documents: IssuedDocuments,
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
      'It never changes. `hash` is the SHA-256 of the canonical JSON (RFC 8785) of `content`, which `signature` signs.',
    response: { schema: StatementAnswer, example: STATEMENT_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  show(
    @Param({ schema: StatementPath }) { statementId }: StatementPath,
    @Caller() { principal }: Caller,
  ): Promise<StatementAnswer> {
    return this.documents.visible(principal, statementId);
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
}
