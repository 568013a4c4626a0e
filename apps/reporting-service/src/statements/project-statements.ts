import { differingTotals, RESOURCES, type ResourceTotals, type DocumentContent, type Line } from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import { accountOf, type Account, type AccountRow } from './account.js';
import { accountLines, billedPeriod } from './account-lines.js';
import type { NewDocument } from './documents.js';
import type { EffectiveTerms } from './effective-terms.js';
import { earlierOf, type ClosedPeriod } from './period-inputs.js';
import { ofEach, totalsOf, type ProjectFacts } from './project-facts.js';
import type { Rows } from './rows.js';
import type { Needed } from './tables-facts.js';

/** The period of a project in one of its accounts. */
export interface ProjectStatement {
  readonly account: Account;
  readonly closed: ClosedPeriod;
  readonly terms: EffectiveTerms;
  readonly facts: ProjectFacts;
  /** The statements of the account for the periods before. */
  readonly earlier: readonly DocumentContent[];
}

export async function accountsOfProjects(rows: Rows, projectIds: readonly string[]): Promise<readonly Account[]> {
  const found = await rows.query<AccountRow>(
    `SELECT * FROM ${REPORTING}.account WHERE buyer_kind = 'project' AND buyer_id = ANY ($1) ORDER BY account_id`,
    [projectIds],
  );
  return found.map(accountOf);
}

/** A true-up goes back to the beginning of its terms. */
export function neededFor(closed: ClosedPeriod, accounts: readonly Account[], terms: EffectiveTerms): Needed {
  const begins = accounts.map(({ accountId, billedFrom }) => {
    const { effectiveFrom, terms: own } = terms.at(accountId, closed.from);
    const goesBack = Object.values(own.resources).some(({ trueUp }) => trueUp !== null);
    return goesBack ? Math.max(effectiveFrom, billedFrom ?? closed.from) : closed.from;
  });
  return { projectId: closed.projectId, from: Math.min(closed.from, ...begins), until: closed.until };
}

/** Every line of the period but adjustments. */
export function projectLines({ account, closed, terms, facts, earlier }: ProjectStatement): Line[] {
  const { calendar, from, until } = closed;
  const billedFrom = account.billedFrom ?? from;
  return accountLines({
    account,
    billed: billedPeriod({ from, until }, terms.at(account.accountId, from), { calendar, billedFrom }),
    isFirst: earlier.length === 0,
    projects: [
      {
        projectId: closed.projectId,
        partnerId: account.partnerId,
        billingMode: closed.billingMode,
        since: billedFrom,
        facts,
        eventIds: [closed.eventId],
      },
    ],
    trades: [],
    earlier: earlierOf(account, earlier, { terms, calendar }),
  });
}

export function projectHead({ account, closed, terms }: ProjectStatement): NewDocument['head'] {
  const { terms: own } = terms.at(account.accountId, closed.from);
  return {
    kind: 'statement',
    period: { from: new Date(closed.from).toISOString(), until: new Date(closed.until).toISOString() },
    timeZone: closed.calendar.timeZone,
    currency: own.currency,
    minorDigits: own.minorDigits,
    creditOf: null,
    reason: null,
    cutoff: null,
  };
}

export type TotalsText = Readonly<Record<string, Readonly<Record<string, number | string>>>>;

/** Totals as the events have them. */
export const totalsText = (totals: Readonly<Record<string, ResourceTotals>>): TotalsText =>
  ofEach((resource) => {
    const { peakAt, unitMs, entitledMs, unlimitedMs, overageMs, ...counts } = totals[resource]!;
    const integrals = Object.entries({ unitMs, entitledMs, unlimitedMs, overageMs });
    const texts = Object.fromEntries(integrals.map(([name, value]) => [name, value.toString()]));
    return { ...counts, peakAt: new Date(peakAt).toISOString(), ...texts };
  });

const controlOf = (of: Readonly<Record<string, number | string>>): ResourceTotals => ({
  open: Number(of['open']),
  close: Number(of['close']),
  peak: Number(of['peak']),
  peakAt: Date.parse(String(of['peakAt'])),
  unitMs: BigInt(of['unitMs']!),
  entitledMs: BigInt(of['entitledMs']!),
  unlimitedMs: BigInt(of['unlimitedMs']!),
  overageMs: BigInt(of['overageMs']!),
});

export interface Comparison {
  readonly ours: Readonly<Record<string, ResourceTotals>>;
  /** The names of the totals that differ, by resource; none: the computations agree. */
  readonly differences: ReadonlyMap<string, readonly string[]>;
}

/** Compares the totals of facts with the control totals. */
export function compared(closed: ClosedPeriod, facts: ProjectFacts): Comparison {
  const ours = totalsOf(facts, closed);
  const differences = RESOURCES.flatMap((resource): [string, readonly string[]][] => {
    const different = differingTotals(ours[resource], controlOf(closed.totals[resource]!));
    return different.length === 0 ? [] : [[resource, different]];
  });
  return { ours, differences: new Map(differences) };
}
