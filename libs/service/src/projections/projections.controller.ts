import type { Subscriptions } from '@allotree/event-sourcing';
import { Documented, Permit, Problem } from '@allotree/http';
import { Controller, Get, HttpCode, Inject, Param, Post, type Abstract, type Type } from '@nestjs/common';
import { z } from 'zod';
import type { CheckKind, ProjectionCheck } from './check-rows.js';
import { CheckInProgress, ProjectionChecks } from './projection-checks.js';

/** The operations on a service's subscriptions that operators need. */
type SubscriptionOperations = Pick<Subscriptions, 'lag' | 'projections'>;

const CheckAnswer = z.object({
  checkId: z.string(),
  kind: z.enum(['rebuild', 'verify']),
  status: z.enum(['running', 'equal', 'different', 'failed', 'interrupted']),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  differences: z.array(
    z.object({
      table: z.string(),
      missing: z.int(),
      changed: z.int(),
      superfluous: z.int(),
      keys: z.array(z.record(z.string(), z.string())),
    }),
  ),
  error: z.string().nullable(),
});

const SubscriptionsAnswer = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      behind: z.int(),
      rebuildable: z.boolean(),
      verifiable: z.boolean(),
      lastCheck: CheckAnswer.nullable(),
    }),
  ),
  nextCursor: z.null(),
});
type SubscriptionsAnswer = z.infer<typeof SubscriptionsAnswer>;

const EXAMPLE: z.infer<typeof CheckAnswer> = {
  checkId: '0b9ff5c1-7d0c-4a7e-9a53-0f6c5f1f2c11',
  kind: 'verify',
  status: 'different',
  startedAt: '2026-06-01T02:00:00.000Z',
  endedAt: '2026-06-01T02:00:04.000Z',
  differences: [
    {
      table: 'licensing.license',
      missing: 0,
      changed: 1,
      superfluous: 0,
      keys: [{ project_id: 'hafenblick', license_id: 'lic-1' }],
    },
  ],
  error: null,
};

const BegunAnswer = z.object({ checkId: z.string().nullable() });
type BegunAnswer = z.infer<typeof BegunAnswer>;

const ProjectionPath = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,99}$/, 'must be the name of a projection'),
});
type ProjectionPath = z.infer<typeof ProjectionPath>;

/**
 * Operations on the subscriptions of a service, below `/api/v1/<service>/projections`: the paths of two services never collide behind one
 * front door. Any replica answers for all of them. The module provides `projectionChecks`.
 * @param token under which the service provides its subscriptions
 */
export function projectionsController(
  service: string,
  token: Type<SubscriptionOperations> | Abstract<SubscriptionOperations>,
): Type {
  @Controller(`${service}/projections`)
  class ProjectionsController {
    constructor(
      @Inject(token) private readonly subscriptions: SubscriptionOperations,
      @Inject(ProjectionChecks) private readonly checks: ProjectionChecks,
    ) {}

    @Get()
    @Permit('system:manage')
    @Documented({
      tag: 'Operation',
      summary: `Projections and reactors of the ${service}, and how many events each still has to process (counted to 1,000)`,
      description:
        'Only a projection is `rebuildable`; a reactor processes every event once. `lastCheck` is the latest rebuild or verification of a projection that is `verifiable`.',
      response: {
        schema: SubscriptionsAnswer,
        example: {
          items: [{ name: 'license-view', behind: 0, rebuildable: true, verifiable: true, lastCheck: EXAMPLE }],
          nextCursor: null,
        },
      },
    })
    async list(): Promise<SubscriptionsAnswer> {
      const projections = new Set(this.subscriptions.projections());
      const checks = await this.checks.latest();
      const items = (await this.subscriptions.lag()).map((each) => ({
        ...each,
        rebuildable: projections.has(each.name),
        verifiable: this.checks.isVerifiable(each.name),
        lastCheck: shown(checks.get(each.name)),
      }));
      return { items, nextCursor: null };
    }

    @Post(':name/rebuild')
    @HttpCode(202)
    @Permit('system:manage')
    @Documented({
      tag: 'Operation',
      summary: 'Build a projection again from the first event, and replace its rows that differ',
      description:
        'Answers as soon as the rebuild has begun. The rows are built beside the live ones, which are read and updated meanwhile; the result is `lastCheck` of the projection. A projection that is not `verifiable` is emptied and filled again instead, and `checkId` is `null`. One projection of a service is rebuilt or verified at a time.',
      response: { status: 202, schema: BegunAnswer, example: { checkId: EXAMPLE.checkId } },
      problems: ['VALIDATION', 'NOT_FOUND', 'CHECK_IN_PROGRESS'],
    })
    async rebuild(@Param({ schema: ProjectionPath }) { name }: ProjectionPath): Promise<BegunAnswer> {
      if (!this.subscriptions.projections().includes(name))
        throw new Problem('NOT_FOUND', `There is no projection ${name}`);
      return this.begin('rebuild', name);
    }

    @Post(':name/verify')
    @HttpCode(202)
    @Permit('system:manage')
    @Documented({
      tag: 'Operation',
      summary: 'Compare the rows of a projection with those that its events give',
      description:
        'Answers as soon as the verification has begun; the result is `lastCheck` of the projection. It changes no row. One projection of a service is rebuilt or verified at a time.',
      response: { status: 202, schema: BegunAnswer, example: { checkId: EXAMPLE.checkId } },
      problems: ['VALIDATION', 'NOT_FOUND', 'CHECK_IN_PROGRESS'],
    })
    async verify(@Param({ schema: ProjectionPath }) { name }: ProjectionPath): Promise<BegunAnswer> {
      if (!this.checks.isVerifiable(name))
        throw new Problem('NOT_FOUND', `There is no projection ${name} that can be verified`);
      return this.begin('verify', name);
    }

    private async begin(kind: CheckKind, name: string): Promise<BegunAnswer> {
      try {
        return { checkId: (await this.checks.begin(kind, name))?.checkId ?? null };
      } catch (error) {
        if (!(error instanceof CheckInProgress)) throw error;
        throw new Problem('CHECK_IN_PROGRESS', `A projection of the ${service} is already being rebuilt or verified`);
      }
    }
  }
  // Its operations appear in the OpenAPI document under this name.
  Object.defineProperty(ProjectionsController, 'name', { value: `${camel(service)}ProjectionsController` });
  return ProjectionsController;
}

const shown = (check: ProjectionCheck | undefined): z.infer<typeof CheckAnswer> | null =>
  check === undefined
    ? null
    : {
        checkId: check.checkId,
        kind: check.kind,
        status: check.status,
        startedAt: check.startedAt.toISOString(),
        endedAt: check.endedAt?.toISOString() ?? null,
        differences: check.differences.map((each) => ({ ...each, keys: each.keys.map((key) => ({ ...key })) })),
        error: check.error,
      };

const camel = (kebab: string): string =>
  kebab.replace(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase());
