import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type {
  AccountAnswer,
  AccountTermsAnswer,
  AccountTermsRequest,
  AdjustmentAnswer,
  AdjustmentRequest,
  CurrentStatementAnswer,
} from '@allotree/contracts';
import {
  amountOf,
  documentOf,
  lineContent,
  minorOf,
  rated,
  type AccountTerms,
  type Instant,
  type Line,
  type Period,
} from '@allotree/domain';
import { notFound, Problem } from '@allotree/http';
import { isDeepStrictEqual } from 'node:util';
import type { DataSource, EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import {
  accountItem,
  ACCOUNT_ITEMS,
  beginOf,
  buyerOf,
  lockAccounts,
  sellerOf,
  type Account,
  type AccountItemRow,
} from './account.js';
import { currentPeriod, type CurrentPeriod } from './current-period.js';
import type { DocumentRow } from './documents.js';
import { EffectiveTerms } from './effective-terms.js';
import { statementsBefore } from './period-inputs.js';
import { partnerStatement } from './partner-statements.js';
import { neededFor, projectLines } from './project-statements.js';
import { factsOfTables } from './tables-facts.js';

/** Who asks for a change, and when. */
export interface Asked {
  readonly now: Instant;
  readonly actor: string;
}

const isoPeriod = ({ from, until }: Period) => ({
  from: new Date(from).toISOString(),
  until: new Date(until).toISOString(),
});

/** Accounts, what their sellers set, and their running statements. */
@Injectable()
export class Accounts {
  constructor(@InjectDataSource(REPORTING) private readonly dataSource: DataSource) {}

  async show(account: Account, now: Instant): Promise<AccountAnswer> {
    const { accountId } = account;
    const tx = this.dataSource.manager;
    const terms = await EffectiveTerms.of(tx, [accountId]);
    const current = await currentPeriod(tx, account, { terms, now });
    const [item]: AccountItemRow[] = await tx.query(`SELECT * FROM (${ACCOUNT_ITEMS}) AS item WHERE account_id = $1`, [
      accountId,
    ]);
    if (!item) throw notFound('account', accountId);
    const begun = current === null ? now : beginOf(account, current.period);
    const pending = terms.after(accountId, begun);
    return {
      ...accountItem(item),
      terms: terms.at(accountId, begun).terms,
      pendingTerms: pending && { ...pending.terms, effectiveFrom: new Date(pending.effectiveFrom).toISOString() },
      calendar: current?.calendar ?? null,
      currentPeriod: current && isoPeriod(current.period),
    };
  }

  /** Sets terms for the periods after the current one. @throws Problem `VALIDATION` */
  setTerms(account: Account, terms: AccountTermsRequest, { now, actor }: Asked): Promise<AccountTermsAnswer> {
    const { accountId, tenantId } = account;
    if (account.buyerKind === 'project' && terms.calendar !== null)
      throw Problem.validation('calendar', 'is that of the project: PUT /projects/{p}/billing-terms sets it');
    return this.dataSource.transaction(async (tx) => {
      await lockAccounts(tx, [accountId]);
      await checkCurrency(tx, accountId, terms);
      const before = await EffectiveTerms.of(tx, [accountId]);
      const effectiveFrom = await takesEffect(tx, account, { before, now });
      const last = before.after(accountId, effectiveFrom - 1) ?? before.at(accountId, effectiveFrom);
      if (!isDeepStrictEqual(last, { effectiveFrom, terms }))
        await tx.query(
          `INSERT INTO ${REPORTING}.account_terms (account_id, tenant_id, effective_from, version, terms, set_at, actor)
           SELECT $1, $2, $3, coalesce(max(version), 0) + 1, $4, $5, $6 FROM ${REPORTING}.account_terms WHERE account_id = $1`,
          [accountId, tenantId, new Date(effectiveFrom), JSON.stringify(terms), new Date(now), actor],
        );
      // The calendar can be another one.
      await tx.query(`UPDATE ${REPORTING}.account SET next_until = NULL WHERE account_id = $1`, [accountId]);
      return { ...terms, accountId, effectiveFrom: new Date(effectiveFrom).toISOString() };
    });
  }

  /** The current period as it would be if it ended now. @throws Problem `NOT_FOUND` where there is none */
  async current(account: Account, now: Instant): Promise<CurrentStatementAnswer> {
    const tx = this.dataSource.manager;
    const terms = await EffectiveTerms.of(tx, [account.accountId]);
    const current = await currentPeriod(tx, account, { terms, now });
    if (current === null) throw new Problem('NOT_FOUND', 'The account has no billing period yet');
    const { calendar, period } = current;
    const { currency, minorDigits } = terms.at(account.accountId, beginOf(account, period)).terms;
    const lines = await this.runningLines(tx, account, { terms, current, now });
    const head = {
      kind: 'statement',
      accountId: account.accountId,
      seller: sellerOf(account),
      buyer: buyerOf(account),
      period: isoPeriod(period),
      timeZone: calendar.timeZone,
      currency,
      minorDigits,
    } as const;
    const unnumbered = { documentId: '', number: 1, creditOf: null, reason: null, cutoff: null, previousHash: null };
    const { lines: contents, total } = documentOf({ ...head, ...unnumbered }, lines);
    const shown = contents.map((line) => ({ ...line, eventIds: [...line.eventIds] }));
    return { ...head, final: false, at: new Date(now).toISOString(), lines: shown, total };
  }

  private async runningLines(
    tx: EntityManager,
    account: Account,
    { terms, current, now }: { terms: EffectiveTerms; current: CurrentPeriod; now: Instant },
  ): Promise<readonly Line[]> {
    const { from } = current.period;
    // A period that has just begun is not empty.
    const until = Math.max(now, from + 1);
    const earlier = (await statementsBefore(tx, [account.accountId])).get(account.accountId) ?? [];
    if (account.buyerKind === 'partner') {
      const source = factsOfTables;
      const period = { from, until };
      return (await partnerStatement(tx, { account, period, terms, earlier, source, upTo: null })).lines;
    }
    const [project]: { billing_mode: 'prepaid' | 'postpaid' }[] = await tx.query(
      `SELECT billing_mode FROM ${REPORTING}.project_version WHERE project_id = $1 AND until_at IS NULL`,
      [account.buyerId],
    );
    const closed = {
      projectId: account.buyerId,
      from,
      until,
      eventId: '',
      calendar: current.calendar,
      billingMode: project?.billing_mode ?? 'prepaid',
      totals: {},
    } as const;
    const facts = await factsOfTables(tx, [neededFor(closed, [account], terms)]);
    const lines = projectLines({ account, closed, terms, facts: facts.get(account.buyerId)!, earlier });
    return lines.map((line) => ({ ...line, eventIds: line.eventIds.filter((id) => id !== '') }));
  }

  /** A line for the next statement about a period that is issued. @throws Problem `PERIOD_OPEN`, `VALIDATION` */
  adjust(
    account: Account,
    request: AdjustmentRequest,
    { now, actor, adjustmentId }: Asked & { readonly adjustmentId: string },
  ): Promise<AdjustmentAnswer> {
    const { accountId, tenantId } = account;
    return this.dataSource.transaction(async (tx) => {
      const [statement]: DocumentRow[] = await tx.query(
        `SELECT * FROM ${REPORTING}.document
         WHERE account_id = $1 AND kind = 'statement' AND from_at <= $2 AND until_at > $2`,
        [accountId, new Date(request.period)],
      );
      if (!statement)
        throw new Problem(
          'PERIOD_OPEN',
          'The statement of the period is not issued yet and will contain everything recorded until then',
          {
            period: request.period,
          },
        );
      const terms = (await EffectiveTerms.of(tx, [accountId])).at(accountId, statement.from_at.getTime()).terms;
      const line = adjustedLine(account, statement, { request, terms });
      const content = { content: lineContent(1, line, terms.minorDigits), minorDigits: terms.minorDigits };
      await tx.query(
        `INSERT INTO ${REPORTING}.adjustment (adjustment_id, tenant_id, account_id, line, made_at, actor)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
        [adjustmentId, tenantId, accountId, JSON.stringify(content), new Date(now), actor],
      );
      return { adjustmentId, accountId, period: statement.content.period };
    });
  }
}

/** Amounts of an account add up, so they have one currency. */
async function checkCurrency(tx: EntityManager, accountId: string, terms: AccountTerms): Promise<void> {
  const rows: { currency: string; digits: number }[] = await tx.query(
    `SELECT currency, (content ->> 'minorDigits')::integer AS digits FROM ${REPORTING}.document
     WHERE account_id = $1 AND currency IS NOT NULL ORDER BY number DESC LIMIT 1`,
    [accountId],
  );
  const [used] = rows;
  if (used && (used.currency !== terms.currency || used.digits !== terms.minorDigits))
    throw Problem.validation('currency', `must stay ${used.currency} with ${used.digits} decimal places`);
}

/**
 * The beginning of the next period. The first terms count from the beginning of the account on as long as nothing is issued: there were no
 * prices before.
 */
async function takesEffect(
  tx: EntityManager,
  account: Account,
  { before, now }: { before: EffectiveTerms; now: Instant },
): Promise<Instant> {
  const { accountId, billedFrom, buyerKind } = account;
  const [issued]: unknown[] = await tx.query(`SELECT FROM ${REPORTING}.document WHERE account_id = $1 LIMIT 1`, [
    accountId,
  ]);
  if (billedFrom === null || (!before.has(accountId) && issued === undefined)) return Math.min(now, billedFrom ?? now);
  const current = await currentPeriod(tx, account, { terms: before, now });
  const until = current?.period.until ?? now;
  return buyerKind === 'partner' ? Math.max(until, account.nextUntil ?? 0) : until;
}

function adjustedLine(
  account: Account,
  statement: DocumentRow,
  { request, terms }: { request: AdjustmentRequest; terms: AccountTerms },
): Line {
  const { resource, quantity, amount } = request.line;
  const { basis, unitPrice } = terms.resources[resource];
  const servicePeriod = { from: statement.from_at.getTime(), until: statement.until_at.getTime() };
  const length = BigInt(servicePeriod.until - servicePeriod.from);
  // Price times quantity, with the length of the period as the price.
  const unitMilliseconds = amountOf(quantity, { numerator: length, denominator: 1n }, 0);
  const measured = { unitMilliseconds, periodMilliseconds: length };
  return {
    type: 'correction',
    changes: 'usage',
    projectId: projectOf(account, statement, request),
    resource,
    basis,
    servicePeriod,
    ...measured,
    peakAt: null,
    unitPrice: amount === undefined ? unitPrice : null,
    amount: amount === undefined ? rated(unitPrice, measured, terms.minorDigits) : givenAmount(amount, terms),
    eventIds: [],
    reason: request.reason,
  };
}

function givenAmount(amount: string, { currency, minorDigits }: AccountTerms): bigint {
  if (currency === null) throw Problem.validation('line.amount', 'needs a currency in the terms of the account');
  const decimals = amount.split('.')[1]?.length ?? 0;
  if (decimals > minorDigits)
    throw Problem.validation('line.amount', `must not have more than ${minorDigits} decimal places`);
  return minorOf(amount, minorDigits);
}

function projectOf(
  { buyerKind, buyerId }: Account,
  { content }: DocumentRow,
  { line: { projectId } }: AdjustmentRequest,
): string | null {
  if (projectId === undefined) return buyerKind === 'project' ? buyerId : null;
  const isKnown =
    buyerKind === 'project' ? projectId === buyerId : content.lines.some((line) => line.projectId === projectId);
  if (!isKnown) throw Problem.validation('line.projectId', 'must be a project of the statement');
  return projectId;
}
