import {
  correctionsOf,
  sumOfCurves,
  tradeLines,
  usageLines,
  within,
  type AccountCalendar,
  type AccountTerms,
  type BilledPeriod,
  type BillingMode,
  type Curve,
  type Instant,
  type Limit,
  type Line,
  type Period,
  type Resource,
  type Trade,
  type UseToBill,
} from '@allotree/domain';
import type { Account } from './account.js';
import {
  entitledAsOf,
  lateLicenses,
  ofEach,
  tradesIn,
  type LicenseVersion,
  type ProjectFacts,
} from './project-facts.js';

/** A project in the period of an account. */
export interface BilledProject {
  readonly projectId: string;
  readonly partnerId: string;
  readonly billingMode: BillingMode;
  /** Since when it is billed. */
  readonly since: Instant;
  readonly facts: ProjectFacts;
  /** The events that close its periods. */
  readonly eventIds: readonly string[];
}

/** A statement that was issued for an earlier period. */
export interface EarlierStatement {
  readonly billed: BilledPeriod;
  /** Lines of any statement. */
  readonly lines: readonly Line[];
}

/** The period of an account whose lines are asked for. */
export interface AccountPeriod {
  readonly account: Account;
  readonly billed: BilledPeriod;
  readonly isFirst: boolean;
  readonly projects: readonly BilledProject[];
  /** Packages that were recorded for or sold to the buyer. */
  readonly trades: readonly Trade[];
  readonly earlier: readonly EarlierStatement[];
}

/** Every line of a period but adjustments: use, trade, and corrections of earlier periods. */
export function accountLines(of: AccountPeriod): Line[] {
  const { account, billed, isFirst, projects } = of;
  const trades =
    account.buyerKind === 'partner'
      ? of.trades
      : projects.flatMap(({ facts, billingMode, ...project }) =>
          tradesIn(facts, billed.period, {
            ...project,
            sellerId: account.sellerId ?? '',
            isPostpaid: billingMode === 'postpaid',
          }),
        );
  return [
    ...usedLines(of, billed, billed.period.until),
    ...trades.flatMap((trade) => tradeLines(trade, billed, isFirst)),
    ...lateLines(of),
  ];
}

/**
 * The lines of use as it is known at an instant. A commitment of an account between partners is one for all of its projects, so they are
 * billed together; everything else is billed by project.
 */
function usedLines({ account, projects }: AccountPeriod, billed: BilledPeriod, knownAt: Instant): Line[] {
  const uses = projects
    .filter((project) => account.isDirect && project.since < billed.period.until)
    .map((project) => useOf(project, billed.period, knownAt));
  const isShared = account.buyerKind === 'partner';
  if (!isShared) return uses.flatMap((use) => usageLines(use, billed));
  const single = uses.flatMap((use) => usageLines(use, billed)).filter(({ basis }) => basis !== COMMITTED);
  const postpaid = uses.filter(({ billingMode }) => billingMode === 'postpaid');
  const shared = isCommitted(billed.terms) ? usageLines(together(postpaid), billed) : [];
  return [...single, ...shared.filter(({ basis }) => basis === COMMITTED)];
}

const COMMITTED = 'committed_plus_overage';

const isCommitted = ({ resources }: AccountTerms): boolean =>
  Object.values(resources).some(({ basis }) => basis === COMMITTED);

/** Nothing counts before a project is billed. */
function useOf({ since, ...project }: BilledProject, { until }: Period, knownAt: Instant): UseToBill {
  const billed = [{ from: since, until }];
  const entitled = entitledAsOf(project.facts, knownAt);
  return {
    projectId: project.projectId,
    billingMode: project.billingMode,
    usage: ofEach((resource): Curve => within(project.facts.usage[resource], billed)),
    entitled: ofEach((resource): Curve<Limit> => within(entitled[resource], billed)),
    eventIds: project.eventIds,
  };
}

const together = (uses: readonly UseToBill[]): UseToBill => ({
  projectId: null,
  billingMode: 'postpaid',
  usage: ofEach((resource: Resource) => sumOfCurves(uses.map(({ usage }) => usage[resource]))),
  entitled: ofEach(() => ({ open: 0, steps: [] })),
  eventIds: uses.flatMap(({ eventIds }) => eventIds),
});

/** Licenses that begin before the period in which they were granted change what earlier periods were entitled to. */
function lateLines(of: AccountPeriod): Line[] {
  const { billed, projects, earlier } = of;
  const late = projects.flatMap(({ facts }) => lateLicenses(facts, billed.period));
  if (late.length === 0) return [];
  const first = Math.min(...late.map(({ validFrom }) => validFrom));
  return earlier
    .filter((statement) => statement.billed.period.until > first)
    .flatMap((statement) => correctedPeriod(of, statement, late));
}

function correctedPeriod(of: AccountPeriod, statement: EarlierStatement, late: readonly LicenseVersion[]): Line[] {
  const isOfPeriod = ({ basis, servicePeriod }: Line): boolean =>
    basis === 'entitled' && servicePeriod.from === statement.billed.period.from;
  const eventIds = late.map(({ eventId }) => eventId);
  const truth = usedLines(of, statement.billed, of.billed.period.until).map((line) => ({ ...line, eventIds }));
  const issued = of.earlier.flatMap(({ lines }) => lines);
  return correctionsOf(issued.filter(isOfPeriod), truth.filter(isOfPeriod));
}

/** A period of an account with the terms in force at its beginning. */
export const billedPeriod = (
  period: Period,
  { effectiveFrom, terms }: { readonly effectiveFrom: Instant; readonly terms: AccountTerms },
  { calendar, billedFrom }: { readonly calendar: AccountCalendar; readonly billedFrom: Instant },
): BilledPeriod => ({ period, terms, calendar, since: Math.max(effectiveFrom, billedFrom) });
