import { Body, Controller, Get, Param, Put, Query, Res } from '@nestjs/common';
import { BillingTermsAnswer, DryRun, SetBillingTermsRequest } from '@allotree/contracts';
import { BILLING_TERMS_SETTING, billingOf, projectOf, type BillingTerms, type BillingView } from '@allotree/domain';
import { Caller, Documented, Permit } from '@allotree/http';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { answerTo } from '../../answer.js';
import { ProjectPath } from '../../paths.js';
import { Projects } from '../../projects.js';

type Answer = z.infer<typeof BillingTermsAnswer>;

const EXAMPLE: Answer = {
  projectId: 'project-1',
  timeZone: 'Europe/Berlin',
  terms: { interval: 'P1M', anchorDay: 1 },
  pending: { interval: 'P3M', anchorDay: 15, effectiveFrom: '2026-03-31T22:00:00.000Z' },
  period: {
    periodId: 'project-1:2026-02-28T23:00:00.000Z',
    from: '2026-02-28T23:00:00.000Z',
    until: '2026-03-31T22:00:00.000Z',
  },
};

@Controller('projects/:p/billing-terms')
export class BillingTermsController {
  constructor(private readonly projects: Projects) {}

  @Get()
  @Permit('statements:read', { project: 'p' })
  @Documented({
    tag: 'billing',
    summary: 'How a project is billed, and its current billing period',
    response: { schema: BillingTermsAnswer, example: EXAMPLE },
    problems: ['NOT_FOUND'],
  })
  async showBillingTerms(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Caller() caller: Caller,
  ): Promise<Answer> {
    const { answer, revision } = await this.terms(p);
    caller.answerRevision(revision);
    return answer;
  }

  @Put()
  @Permit('billing:manage', { project: 'p' })
  @Documented({
    tag: 'billing',
    summary: 'Set how a project is billed from the next billing period on',
    description:
      'The first terms start a period at once. A period starts with the anchor day in the time zone of the project, in shorter months with their last day: every month (`P1M`), quarter (`P3M`) or year (`P1Y`) from the month in which the terms begin.',
    body: { interval: 'P3M', anchorDay: 15 },
    response: { schema: BillingTermsAnswer, example: EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async setBillingTerms(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: SetBillingTermsRequest }) terms: SetBillingTermsRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const done = await this.projects.run(p, { type: 'SetBillingTerms', ...terms }, caller);
    if (caller.dryRun) return answerTo(caller, reply, done, {});
    // Body and ETag out of one state, should somebody have changed it meanwhile.
    const { answer, revision } = await this.terms(p);
    return answerTo(caller, reply, { ...done, revision }, answer);
  }

  private terms(projectId: string): Promise<{ answer: Answer; revision: number }> {
    return this.projects.look(projectId, null, (state, now, { revisionOf }) => {
      const project = projectOf(state);
      if (!project) return null;
      const { timeZone } = project;
      const answer = { projectId, timeZone, ...answerOf(billingOf(state, now)) };
      return { answer, revision: revisionOf(BILLING_TERMS_SETTING) };
    });
  }
}

const calendarOf = ({ interval, anchorDay }: BillingTerms) => ({ interval, anchorDay });
const iso = (instant: number): string => new Date(instant).toISOString();

function answerOf(view: BillingView | null): Pick<Answer, 'terms' | 'pending' | 'period'> {
  if (!view) return { terms: null, pending: null, period: null };
  const { terms, pending, period } = view;
  return {
    terms: calendarOf(terms),
    pending: pending && { ...calendarOf(pending), effectiveFrom: iso(pending.effectiveFrom) },
    period: period && { periodId: period.periodId, from: iso(period.from), until: iso(period.until) },
  };
}
