import type { Logger } from '@allotree/basics';
import type { Instant } from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import { lockAccounts, type Account } from './account.js';
import { takeAdjustments, waitingAdjustments } from './adjustments.js';
import type { Documents, NewDocument } from './documents.js';
import { EffectiveTerms } from './effective-terms.js';
import { factsOfEvents } from './event-facts.js';
import { closedOf, statementsBefore, type ClosedPeriod, type ClosedRow } from './period-inputs.js';
import { divergenceOf, type ProjectFacts } from './project-facts.js';
import {
  accountsOfProjects,
  compared,
  neededFor,
  projectHead,
  projectLines,
  totalsText,
  type Comparison,
} from './project-statements.js';
import type { Rows } from './rows.js';
import { factsOfTables, type Needed } from './tables-facts.js';

export const ACTOR = 'service:reporting-service';

const AT_ONCE = 500;

/** The earliest unsettled period of each project. A held period is checked again every five seconds. */
const DUE = `
  SELECT period.* FROM ${REPORTING}.billing_period period
  WHERE status <> 'agreed' AND position <= (SELECT position FROM ${REPORTING}.tables_position)
    AND (checked_at IS NULL OR checked_at < clock_timestamp() - interval '5 seconds')
    AND NOT EXISTS (SELECT FROM ${REPORTING}.billing_period earlier
      WHERE earlier.project_id = period.project_id AND earlier.from_at < period.from_at AND earlier.status <> 'agreed')
  ORDER BY until_at, project_id LIMIT ${AT_ONCE}`;

const TAKE_TURN = `SELECT FROM ${REPORTING}.billing_position FOR UPDATE SKIP LOCKED`;

export interface Issue {
  readonly documents: Documents;
  readonly now: Instant;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Settles the next closed periods of projects. @returns whether there may be more; `false` also where another process is at it */
export async function issueProjects(rows: Rows, { documents, now, logger }: Issue): Promise<boolean> {
  if ((await rows.query(TAKE_TURN)).length === 0) return false;
  const due = (await rows.query<ClosedRow>(DUE)).map(closedOf);
  if (due.length === 0) return false;
  const accounts = await accountsOfProjects(
    rows,
    due.map(({ projectId }) => projectId),
  );
  const accountIds = accounts.map(({ accountId }) => accountId);
  await lockAccounts(rows, accountIds);
  const terms = await EffectiveTerms.of(rows, accountIds);
  const of = ({ projectId }: ClosedPeriod): Account[] => accounts.filter(({ buyerId }) => buyerId === projectId);
  const needed = due.map((closed) => neededFor(closed, of(closed), terms));
  const facts = await factsOfTables(rows, needed);
  const checked: Checked[] = [];
  for (const [index, closed] of due.entries())
    checked.push(await check(rows, { closed, needed: needed[index]!, facts: facts.get(closed.projectId)!, logger }));
  await keepResults(rows, checked);
  const agreed = checked.filter(({ isSame }) => isSame).map(({ closed }) => closed);
  await issue(rows, { agreed, of, terms, facts, documents, now });
  return due.length === AT_ONCE;
}

interface ToCheck {
  readonly closed: ClosedPeriod;
  readonly needed: Needed;
  readonly facts: ProjectFacts;
  readonly logger: Pick<Logger, 'warn'>;
}

/** The result of a comparison. */
interface Checked {
  readonly closed: ClosedPeriod;
  readonly isSame: boolean;
  readonly ours: Comparison['ours'];
  readonly divergesAt: Instant | null;
}

async function check(rows: Rows, { closed, needed, facts, logger }: ToCheck): Promise<Checked> {
  const comparison = compared(closed, facts);
  const { ours, differences } = comparison;
  if (differences.size === 0) return { closed, isSame: true, ours, divergesAt: null };
  const divergesAt = await firstDivergence(rows, { closed, needed, facts, comparison });
  const totals = Object.fromEntries(differences);
  logger.warn(
    { projectId: closed.projectId, from: closed.from, divergesAt, totals },
    'a statement is held: the totals of the period differ from the control totals',
  );
  return { closed, isSame: false, ours, divergesAt };
}

/** Thousands of projects close at one midnight: the results of a step in one statement. */
async function keepResults(rows: Rows, all: readonly Checked[]): Promise<void> {
  await rows.query(
    `UPDATE ${REPORTING}.billing_period period SET status = given.status, ours = given.ours, diverges_at = given.diverges_at,
       checked_at = clock_timestamp()
     FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::jsonb[], $5::timestamptz[])
       AS given (project_id, from_at, status, ours, diverges_at)
     WHERE period.project_id = given.project_id AND period.from_at = given.from_at`,
    [
      all.map(({ closed }) => closed.projectId),
      all.map(({ closed }) => new Date(closed.from)),
      all.map(({ isSame }) => (isSame ? 'agreed' : 'held')),
      all.map(({ ours }) => JSON.stringify(totalsText(ours))),
      all.map(({ divergesAt }) => (divergesAt === null ? null : new Date(divergesAt))),
    ],
  );
}

/**
 * Where the tables and the events they come from differ, the first such instant. Otherwise an event is missing here: its instant is not known, but
 * the totals say from when on it can be.
 */
async function firstDivergence(
  rows: Rows,
  { closed, needed, facts, comparison }: Omit<ToCheck, 'logger'> & { readonly comparison: Comparison },
): Promise<Instant> {
  const replayed = (await factsOfEvents(rows, [needed])).get(closed.projectId)!;
  const found = divergenceOf(facts, replayed, closed);
  if (found !== null) return found;
  const peaks = [...comparison.differences].flatMap(([resource, names]) =>
    names.includes('open') || !names.includes('peakAt')
      ? [closed.from]
      : [comparison.ours[resource]!.peakAt, Date.parse(String(closed.totals[resource]!['peakAt']))],
  );
  return Math.min(...peaks);
}

interface Agreed {
  readonly agreed: readonly ClosedPeriod[];
  readonly of: (closed: ClosedPeriod) => readonly Account[];
  readonly terms: EffectiveTerms;
  readonly facts: ReadonlyMap<string, ProjectFacts>;
  readonly documents: Documents;
  readonly now: Instant;
}

async function issue(rows: Rows, { agreed, of, terms, facts, documents, now }: Agreed): Promise<void> {
  const accountIds = agreed.flatMap((closed) => of(closed).map(({ accountId }) => accountId));
  const earlier = await statementsBefore(rows, accountIds);
  const adjustments = await waitingAdjustments(rows, accountIds);
  const all = agreed.flatMap((closed) =>
    of(closed).flatMap((account): NewDocument[] => {
      const { accountId } = account;
      const statement = {
        account,
        closed,
        terms,
        facts: facts.get(closed.projectId)!,
        earlier: earlier.get(accountId) ?? [],
      };
      const adjusted = adjustments.get(accountId) ?? [];
      const lines = [...projectLines(statement), ...adjusted.map(({ line }) => line)];
      // A partner that only sells to the project has statements from its first sale on.
      if (!account.isDirect && statement.earlier.length === 0 && lines.length === 0) return [];
      return [{ account, head: projectHead(statement), lines, actor: ACTOR, causationId: closed.eventId }];
    }),
  );
  const issued = await documents.issue(rows, all, now);
  await takeAdjustments(rows, adjustments, issued);
}
