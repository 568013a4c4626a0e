import { Body, Controller, Get, Param, Put, Query, Res } from '@nestjs/common';
import { BillingTermsAnswer, DryRun, SetBillingTermsRequest } from '@allotree/contracts';
import { BILLING_TERMS_SETTING, billingOf, projectOf, type BillingView } from '@allotree/domain';
import { Caller, Documented, Permit, refuseReadOnlyChanges } from '@allotree/http';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { answerTo } from '../../answer.js';
import { ProjectPath } from '../../paths.js';
import { Projects } from '../../projects.js';

type Answer = z.infer<typeof BillingTermsAnswer>;

const EXAMPLE: Answer = {
  projectId: 'project-1',
  timeZone: 'Europe/Berlin',
  interval: 'P3M',
  anchorDay: 15,
  effectiveFrom: '2026-03-31T22:00:00.000Z',
  period: {
    periodId: 'project-1:2026-02-28T23:00:00.000Z',
    from: '2026-02-28T23:00:00.000Z',
    until: '2026-03-31T22:00:00.000Z',
    interval: 'P1M',
    anchorDay: 1,
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
    description:
      'The terms that were set last. Where they only begin with the next period, `effectiveFrom` says when, and `period` has the terms until then.',
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
    @Body({ schema: SetBillingTermsRequest }) body: SetBillingTermsRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { timeZone } = await this.projects.project(p);
    refuseReadOnlyChanges(body, { projectId: p, timeZone });
    const { interval, anchorDay } = body;
    const done = await this.projects.run(p, { type: 'SetBillingTerms', interval, anchorDay }, caller);
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

const iso = (instant: number): string => new Date(instant).toISOString();

function answerOf(view: BillingView | null): Omit<Answer, 'projectId' | 'timeZone'> {
  if (!view) return { interval: null, anchorDay: null, effectiveFrom: null, period: null };
  const { terms, pending, period } = view;
  const { interval, anchorDay } = pending ?? terms;
  return {
    interval,
    anchorDay,
    effectiveFrom: pending && iso(pending.effectiveFrom),
    period: period && {
      periodId: period.periodId,
      from: iso(period.from),
      until: iso(period.until),
      interval: terms.interval,
      anchorDay: terms.anchorDay,
    },
  };
}
