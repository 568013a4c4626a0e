import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { CreditNoteRequest, StatementAnswer } from '@allotree/contracts';
import { creditOf, type CreditRefusal } from '@allotree/domain';
import { notFound, Problem, type Principal } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import type { DataSource } from 'typeorm';
import { REPORTING } from '../tokens.js';
import { lockAccounts, type Account } from './account.js';
import { AccountAccess } from './account-access.js';
import type { Asked } from './accounts.js';
import { Documents, type DocumentRow } from './documents.js';
import type { Rows } from './rows.js';

const OF_ID = `SELECT * FROM ${REPORTING}.document WHERE document_id = $1`;

/** A request that is repeated finds what it did. */
const OF_COMMAND = `SELECT * FROM ${REPORTING}.document WHERE command_id = $1`;

interface Credit {
  readonly statementId: string;
  readonly request: CreditNoteRequest;
  readonly asked: Asked & { readonly commandId: string };
}

/** Statements and credit notes that are issued. */
@Injectable()
export class IssuedDocuments {
  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    private readonly rows: TenantRows,
    private readonly access: AccountAccess,
    private readonly documents: Documents,
  ) {}

  /** @throws Problem `NOT_FOUND` */
  async visible(principal: Principal, documentId: string): Promise<StatementAnswer> {
    const [row] = await this.rows.as(principal, 'statements:read', (tx) =>
      (tx as Rows).query<DocumentRow>(OF_ID, [documentId]),
    );
    if (!row) throw notFound('statement', documentId);
    await this.access.visible(principal, row.account_id).catch(() => {
      throw notFound('statement', documentId);
    });
    return answerOf(row);
  }

  /** Takes back lines of a statement. @returns the id of the credit note. @throws Problem `ALREADY_CREDITED`, `VALIDATION` */
  credit(account: Account, { statementId, request, asked }: Credit): Promise<string> {
    return this.dataSource.transaction(async (tx) => {
      await lockAccounts(tx, [account.accountId]);
      const [repeated]: DocumentRow[] = await tx.query(OF_COMMAND, [asked.commandId]);
      if (repeated) return repeated.document_id;
      const [row]: DocumentRow[] = await tx.query(OF_ID, [statementId]);
      if (row?.kind !== 'statement')
        throw Problem.validation('statementId', 'must be a statement: a credit note is not credited');
      const { content } = row;
      const rows: { line: number }[] = await tx.query(
        `SELECT line FROM ${REPORTING}.credited_line WHERE document_id = $1`,
        [statementId],
      );
      const credited = creditOf({
        lines: content.lines,
        asked: request.lines ?? null,
        credited: rows.map(({ line }) => line),
        reason: request.reason,
        minorDigits: content.minorDigits,
      });
      if (!credited.ok) throw refused(credited.refusal);
      const { period, timeZone, currency, minorDigits } = content;
      const head = {
        kind: 'credit_note',
        period,
        timeZone,
        currency,
        minorDigits,
        creditOf: statementId,
        reason: request.reason,
        cutoff: null,
      } as const;
      const document = { account, head, lines: credited.lines, ...asked, causationId: null };
      const [issued] = await this.documents.issue(tx, [document], asked.now);
      await tx.query(
        `INSERT INTO ${REPORTING}.credited_line (tenant_id, document_id, line, credit_note_id)
         SELECT $1, $2, line, $4 FROM unnest($3::integer[]) AS given (line)`,
        [account.tenantId, statementId, credited.numbers, issued!.documentId],
      );
      return issued!.documentId;
    });
  }
}

function refused(refusal: CreditRefusal): Problem {
  if (refusal.code === 'ALREADY_CREDITED') return new Problem('ALREADY_CREDITED', undefined, { lines: refusal.lines });
  return Problem.validation('lines', `the statement has no line ${refusal.lines.join(', ')}`);
}

const answerOf = (row: DocumentRow): StatementAnswer => ({
  statementId: row.document_id,
  final: true,
  issuedAt: row.issued_at.toISOString(),
  content: row.content as StatementAnswer['content'],
  hash: row.hash,
  signature: row.signature,
});
