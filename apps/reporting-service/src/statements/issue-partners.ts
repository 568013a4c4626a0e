import type { Instant, Period } from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import { accountOf, lockAccounts, type Account, type AccountRow } from './account.js';
import { takeAdjustments, waitingAdjustments } from './adjustments.js';
import type { Documents } from './documents.js';
import { EffectiveTerms } from './effective-terms.js';
import { ACTOR } from './issue-projects.js';
import { partnerCalendar, partnerStatement, periodAt } from './partner-statements.js';
import { statementsBefore } from './period-inputs.js';
import type { Rows } from './rows.js';
import { factsOfTables } from './tables-facts.js';

const TAKE_TURN = `SELECT FROM ${REPORTING}.billing_position FOR UPDATE SKIP LOCKED`;

const BEGUN = `
  SELECT * FROM ${REPORTING}.account WHERE buyer_kind = 'partner' AND billed_from IS NOT NULL AND next_until IS NULL
  ORDER BY account_id LIMIT 200`;

const LAST = `
  SELECT until_at FROM ${REPORTING}.document WHERE account_id = $1 AND kind = 'statement' ORDER BY number DESC LIMIT 1`;

const DUE = `
  SELECT * FROM ${REPORTING}.account WHERE buyer_kind = 'partner' AND next_until <= $1 ORDER BY next_until, account_id LIMIT 1000`;

export interface IssuePartners {
  readonly documents: Documents;
  readonly now: Instant;
  /** How long after the end of a period the last sales are waited for. */
  readonly waitMs: number;
}

/** Issues the statements of accounts between partners that are due. @returns whether there may be more */
export async function issuePartners(rows: Rows, issue: IssuePartners): Promise<boolean> {
  if ((await rows.query(TAKE_TURN)).length === 0) return false;
  await begin(rows);
  const due = (await rows.query<AccountRow>(DUE, [new Date(issue.now - issue.waitMs)])).map(accountOf);
  let issued = 0;
  for (const account of due) if (await issueOne(rows, account, issue)) issued += 1;
  return issued > 0;
}

/** Notes when the next period of accounts ends for which that is not known (any more). */
async function begin(rows: Rows): Promise<void> {
  const begun = (await rows.query<AccountRow>(BEGUN)).map(accountOf);
  if (begun.length === 0) return;
  const terms = await EffectiveTerms.of(
    rows,
    begun.map(({ accountId }) => accountId),
  );
  for (const account of begun) await setNext(rows, account, (await nextPeriod(rows, account, terms)).until);
}

const setNext = async (rows: Rows, { accountId }: Account, until: Instant): Promise<void> =>
  void (await rows.query(`UPDATE ${REPORTING}.account SET next_until = $2 WHERE account_id = $1`, [
    accountId,
    new Date(until),
  ]));

/** The first period is the one of the calendar in which something is billed first; every other begins where the last one ended. */
async function nextPeriod(rows: Rows, account: Account, terms: EffectiveTerms): Promise<Period> {
  const [last] = await rows.query<{ until_at: Date }>(LAST, [account.accountId]);
  const begin = last?.until_at.getTime() ?? account.billedFrom!;
  const period = periodAt(await partnerCalendar(rows, account, terms, begin), begin);
  return last ? { ...period, from: begin } : period;
}

/** @returns false where a project in the account is not settled up to the end of the period */
async function issueOne(rows: Rows, account: Account, { documents, now }: IssuePartners): Promise<boolean> {
  const { accountId } = account;
  await lockAccounts(rows, [accountId]);
  const terms = await EffectiveTerms.of(rows, [accountId]);
  const earlier = (await statementsBefore(rows, [accountId])).get(accountId) ?? [];
  const period = await nextPeriod(rows, account, terms);
  const statement = await partnerStatement(rows, {
    account,
    period,
    terms,
    earlier,
    source: factsOfTables,
    upTo: null,
  });
  if (statement.open.length > 0) return false;
  const adjustments = await waitingAdjustments(rows, [accountId]);
  const adjusted = (adjustments.get(accountId) ?? []).map(({ line }) => line);
  const lines = [...statement.lines, ...adjusted];
  const document = { account, head: statement.head, lines, actor: ACTOR, causationId: null };
  await takeAdjustments(rows, adjustments, await documents.issue(rows, [document], now));
  await setNext(rows, account, (await nextPeriod(rows, account, terms)).until);
  return true;
}
