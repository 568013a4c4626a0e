import type { Subscriptions } from '@allotree/event-sourcing';
import { Controller, Get, HttpCode, Inject, Param, Post, type Abstract, type Type } from '@nestjs/common';
import { z } from 'zod';
import { Documented, Problem, Permit } from '@allotree/http';

/** The operations on a service's subscriptions that operators need. */
type SubscriptionOperations = Pick<Subscriptions, 'lag' | 'projections' | 'rebuild'>;

const SubscriptionsAnswer = z.object({
  items: z.array(z.object({ name: z.string(), behind: z.int(), rebuildable: z.boolean() })),
  nextCursor: z.null(),
});
type SubscriptionsAnswer = z.infer<typeof SubscriptionsAnswer>;

const ProjectionPath = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,99}$/, 'must be the name of a projection'),
});
type ProjectionPath = z.infer<typeof ProjectionPath>;

/**
 * Operations on the subscriptions of a service, below `/api/v1/<service>/projections`: the paths of two services never collide behind one
 * front door. Any replica answers for all of them.
 * @param token under which the service provides its subscriptions
 */
export function projectionsController(
  service: string,
  token: Type<SubscriptionOperations> | Abstract<SubscriptionOperations>,
): Type {
  @Controller(`${service}/projections`)
  class ProjectionsController {
    constructor(@Inject(token) private readonly subscriptions: SubscriptionOperations) {}

    @Get()
    @Permit('system:manage')
    @Documented({
      tag: 'Operation',
      summary: `Projections and reactors of the ${service}, and how many events each still has to process (counted to 1,000)`,
      description: 'Only a projection is `rebuildable`; a reactor processes every event once.',
      response: {
        schema: SubscriptionsAnswer,
        example: { items: [{ name: 'history', behind: 0, rebuildable: true }], nextCursor: null },
      },
    })
    async list(): Promise<SubscriptionsAnswer> {
      const projections = new Set(this.subscriptions.projections());
      const items = (await this.subscriptions.lag()).map((each) => ({
        ...each,
        rebuildable: projections.has(each.name),
      }));
      return { items, nextCursor: null };
    }

    @Post(':name/rebuild')
    @HttpCode(204)
    @Permit('system:manage')
    @Documented({
      tag: 'Operation',
      summary: 'Empty a projection and rebuild it from the first event',
      description:
        'Answers as soon as the rebuild has begun. Lists that are read from the projection fill up again; decisions and quotas do not depend on it.',
      problems: ['VALIDATION', 'NOT_FOUND'],
    })
    async rebuild(@Param({ schema: ProjectionPath }) { name }: ProjectionPath): Promise<void> {
      if (!this.subscriptions.projections().includes(name))
        throw new Problem('NOT_FOUND', `There is no projection ${name}`);
      await this.subscriptions.rebuild(name);
    }
  }
  // Its operations appear in the OpenAPI document under this name.
  Object.defineProperty(ProjectionsController, 'name', { value: `${camel(service)}ProjectionsController` });
  return ProjectionsController;
}

const camel = (kebab: string): string =>
  kebab.replace(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase());
