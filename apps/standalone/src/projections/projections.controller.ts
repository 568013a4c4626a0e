import { Subscriptions } from '@allotree/event-sourcing';
import { Documented, Permit, Problem } from '@allotree/platform';
import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { z } from 'zod';

const SubscriptionsAnswer = z.object({
  items: z.array(z.object({ name: z.string(), behind: z.int() })),
  nextCursor: z.null(),
});
type SubscriptionsAnswer = z.infer<typeof SubscriptionsAnswer>;

const ProjectionPath = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,99}$/, 'must be the name of a projection'),
});
type ProjectionPath = z.infer<typeof ProjectionPath>;

/** What stands behind the store, over all services of the process. */
@Controller('projections')
export class ProjectionsController {
  constructor(private readonly modules: ModuleRef) {}

  @Get()
  @Permit('system:manage')
  @Documented({
    tag: 'Operation',
    summary: 'Projections and reactors, and how many events each has still to look at (counted to 1,000)',
    response: { schema: SubscriptionsAnswer, example: { items: [{ name: 'history', behind: 0 }], nextCursor: null } },
  })
  async list(): Promise<SubscriptionsAnswer> {
    const lags = await Promise.all(this.services().map((subscriptions) => subscriptions.lag()));
    return { items: lags.flat(), nextCursor: null };
  }

  @Post(':name/rebuild')
  @HttpCode(204)
  @Permit('system:manage')
  @Documented({
    tag: 'Operation',
    summary: 'Empty a projection and make it again from the first event',
    description:
      'Answers when it has begun. Lists that are read from it fill up again; decisions and quotas do not depend on it.',
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async rebuild(@Param({ schema: ProjectionPath }) { name }: ProjectionPath): Promise<void> {
    const owner = this.services().find((subscriptions) => subscriptions.projections().includes(name));
    if (!owner) throw new Problem('NOT_FOUND', `There is no projection ${name}`);
    await owner.rebuild(name);
  }

  /** Each service has subscriptions of its own. */
  private services(): Subscriptions[] {
    return this.modules.get(Subscriptions, { strict: false, each: true });
  }
}
