import { lineOf, type DocumentContent, type Line, type LineContent } from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import { nextDocumentIds } from './documents.js';
import type { Rows } from './rows.js';

export interface Adjustment {
  readonly adjustmentId: string;
  readonly line: Line;
}

interface AdjustmentRow {
  readonly adjustment_id: string;
  readonly account_id: string;
  readonly line: { readonly content: LineContent; readonly minorDigits: number };
}

/**
 * The adjustments that the next statement of each account has, in the order in which they were made: those that no statement has yet. Where
 * statements are computed anew, each adjustment comes back to the one that had it.
 */
export async function waitingAdjustments(
  rows: Rows,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Adjustment[]>> {
  const next = await nextDocumentIds(rows, accountIds);
  const found = await rows.query<AdjustmentRow>(
    `SELECT adjustment_id, account_id, line FROM ${REPORTING}.adjustment
     WHERE account_id = ANY ($1) AND (document_id IS NULL OR document_id = ANY ($2)) ORDER BY made_at, adjustment_id`,
    [accountIds, [...next.values()]],
  );
  const all = new Map<string, Adjustment[]>();
  for (const { adjustment_id: adjustmentId, account_id, line } of found)
    all.set(account_id, [
      ...(all.get(account_id) ?? []),
      { adjustmentId, line: lineOf(line.content, line.minorDigits) },
    ]);
  return all;
}

/** Notes which statement has each of them. */
export async function takeAdjustments(
  rows: Rows,
  adjustments: ReadonlyMap<string, readonly Adjustment[]>,
  issued: readonly DocumentContent[],
): Promise<void> {
  const taken = issued.flatMap(({ accountId, documentId }) =>
    (adjustments.get(accountId) ?? []).map(({ adjustmentId }) => ({ adjustmentId, documentId })),
  );
  if (taken.length === 0) return;
  await rows.query(
    `UPDATE ${REPORTING}.adjustment SET document_id = given.document_id
     FROM unnest($1::text[], $2::text[]) AS given (adjustment_id, document_id)
     WHERE adjustment.adjustment_id = given.adjustment_id`,
    [taken.map(({ adjustmentId }) => adjustmentId), taken.map(({ documentId }) => documentId)],
  );
}
