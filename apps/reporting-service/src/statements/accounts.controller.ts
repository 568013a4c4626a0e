import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import {
  AccountAnswer,
  AccountId,
  ACCOUNTS,
  AccountsPage,
  AccountsQuery,
  AccountTermsAnswer,
  AccountTermsRequest,
  AdjustmentAnswer,
  AdjustmentRequest,
  CurrentStatementAnswer,
  ReconciliationAnswer,
  ReconciliationQuery,
  STATEMENTS,
  StatementsPage,
  StatementsQuery,
  type AccountItem,
  type PageOf,
  type StatementItem,
} from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit } from '@allotree/http';
import { z } from 'zod';
import { PublishedBefore } from '../published-before.js';
import { AccountAccess } from './account-access.js';
import { AccountLists } from './account-lists.js';
import { Accounts } from './accounts.js';
import {
  ACCOUNT_EXAMPLE,
  ACCOUNT_ITEM_EXAMPLE,
  CURRENT_EXAMPLE,
  RECONCILIATION_EXAMPLE,
  STATEMENT_ITEM_EXAMPLE,
  TERMS_EXAMPLE,
} from './examples.js';
import { Reconciliation } from './reconciliation.js';

const AccountPath = z.strictObject({ accountId: AccountId });
type AccountPath = z.infer<typeof AccountPath>;

const TAG = 'Billing';

@Controller('accounts')
export class AccountsController {
  constructor(
    private readonly access: AccountAccess,
    private readonly lists: AccountLists,
    private readonly accounts: Accounts,
    private readonly reconciliation: Reconciliation,
    private readonly clock: Clock,
    private readonly events: PublishedBefore,
  ) {}

  @Get()
  @Permit('statements:read')
  @Documented({
    tag: TAG,
    summary: 'List accounts, each of a seller and a buyer',
    description:
      'An account is between the vendor and a partner without a partner above it, between a partner and one below it, or between a partner and a project. The caller sees those in which it holds the permission at the seller or at the buyer.',
    response: { schema: AccountsPage, example: { items: [ACCOUNT_ITEM_EXAMPLE], nextCursor: null } },
    list: ACCOUNTS,
    problems: ['VALIDATION'],
  })
  list(
    @Query({ schema: AccountsQuery }) query: AccountsQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<AccountItem>> {
    return this.lists.accounts(principal, query);
  }

  @Get(':accountId')
  @Permit('statements:read')
  @Documented({
    tag: TAG,
    summary: 'Show an account: its terms and its current period',
    response: { schema: AccountAnswer, example: ACCOUNT_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async one(
    @Param({ schema: AccountPath }) { accountId }: AccountPath,
    @Caller() { principal }: Caller,
  ): Promise<AccountAnswer> {
    return this.accounts.show(await this.access.visible(principal, accountId), this.clock.now());
  }

  @Put(':accountId/terms')
  @Permit('billing:manage')
  @Documented({
    tag: TAG,
    summary: 'Set what the seller charges the buyer from the next period on',
    description:
      'For the seller alone. They take effect at the beginning of the next period; the first terms of an account from its beginning on, as long as it has no statement. A resource that is not named is counted by time, without a price.',
    body: TERMS_EXAMPLE.request,
    response: { schema: AccountTermsAnswer, example: TERMS_EXAMPLE.answer },
    problems: ['VALIDATION', 'NOT_FOUND'],
    idempotent: true,
  })
  async setTerms(
    @Param({ schema: AccountPath }) { accountId }: AccountPath,
    @Body({ schema: AccountTermsRequest }) request: AccountTermsRequest,
    @Caller() caller: Caller,
  ): Promise<AccountTermsAnswer> {
    // Terms of an account whose beginning is not known yet would count from now on.
    await this.events.caughtUp();
    const account = await this.access.managed(caller.principal, accountId);
    return this.accounts.setTerms(account, request, { now: this.clock.now(), actor: caller.context.actor });
  }

  @Get(':accountId/statements')
  @Permit('statements:read')
  @Documented({
    tag: TAG,
    summary: 'List the statements and credit notes of an account in order of their number',
    description: '`period` names the statement of the period that an instant lies in, and its credit notes.',
    response: { schema: StatementsPage, example: { items: [STATEMENT_ITEM_EXAMPLE], nextCursor: null } },
    list: STATEMENTS,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async statements(
    @Param({ schema: AccountPath }) { accountId }: AccountPath,
    @Query({ schema: StatementsQuery }) query: StatementsQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<StatementItem>> {
    await this.access.visible(principal, accountId);
    return this.lists.statements(principal, accountId, query);
  }

  @Get(':accountId/statements/current')
  @Permit('statements:read')
  @Documented({
    tag: TAG,
    summary: 'Show the running statement: the current period as it would be if it ended now',
    response: { schema: CurrentStatementAnswer, example: CURRENT_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async current(
    @Param({ schema: AccountPath }) { accountId }: AccountPath,
    @Caller() { principal }: Caller,
  ): Promise<CurrentStatementAnswer> {
    return this.accounts.current(await this.access.visible(principal, accountId), this.clock.now());
  }

  @Get(':accountId/reconciliation')
  @Permit('statements:read')
  @Documented({
    tag: TAG,
    summary: 'Compare the totals of this service with the control totals of a period',
    description:
      'Each project of the account whose period ends in the period of the account that `period` names, with both computations. A period that is `held` has no statement until they agree; `divergesAt` is the first instant at which they can differ.',
    response: { schema: ReconciliationAnswer, example: RECONCILIATION_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async reconcile(
    @Param({ schema: AccountPath }) { accountId }: AccountPath,
    @Query({ schema: ReconciliationQuery }) { period }: ReconciliationQuery,
    @Caller() { principal }: Caller,
  ): Promise<ReconciliationAnswer> {
    const account = await this.access.visible(principal, accountId);
    return this.reconciliation.of(account, period === undefined ? null : Date.parse(period));
  }

  @Post(':accountId/adjustments')
  @HttpCode(HttpStatus.CREATED)
  @Permit('billing:manage')
  @Documented({
    tag: TAG,
    summary: 'Adjust a period whose statement is issued, by a line of the next statement',
    description:
      'For the seller alone. The line is a `correction` with the service period that is adjusted and the reason. What was issued stays.',
    response: {
      status: 201,
      schema: AdjustmentAnswer,
      example: {
        adjustmentId: '5e0f6a8c-8a5d-4c0b-b3a4-9c1d2e3f4a5b',
        accountId: 'nordlicht:hafenblick',
        period: { from: '2026-05-31T22:00:00.000Z', until: '2026-06-30T22:00:00.000Z' },
      },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'PERIOD_OPEN'],
    idempotent: true,
  })
  async adjust(
    @Param({ schema: AccountPath }) { accountId }: AccountPath,
    @Body({ schema: AdjustmentRequest }) request: AdjustmentRequest,
    @Caller() caller: Caller,
  ): Promise<AdjustmentAnswer> {
    const account = await this.access.managed(caller.principal, accountId);
    const asked = { now: this.clock.now(), actor: caller.context.actor };
    return this.accounts.adjust(account, request, { ...asked, adjustmentId: caller.newId('adjustment') });
  }
}
