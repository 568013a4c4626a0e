import { Body, Controller, HttpCode, HttpStatus, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { Clock } from '@allotree/basics';
import { ClockCorrectionAnswer, DryRun, NoBody } from '@allotree/contracts';
import { correctedInstant, lastRecordedOf, meterAt, type Meter } from '@allotree/domain';
import type { EventStore } from '@allotree/event-sourcing';
import { Caller, Documented, Permit, Problem } from '@allotree/http';
import { ClockWatch } from '@allotree/service';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../../answer.js';
import { ProjectPath } from '../../paths.js';
import { Projects } from '../../projects.js';
import { projectEventOf } from '../../streams.js';
import { EVENT_STORE, PROJECT_HANDLER, type ProjectHandler } from '../../tokens.js';

/** For the operator: repairs a project that a machine touched whose clock was ahead. */
@Controller('projects/:p/clock-corrections')
export class CorrectClockController {
  constructor(
    private readonly projects: Projects,
    private readonly watch: ClockWatch,
    private readonly clock: Clock,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(PROJECT_HANDLER) private readonly handler: ProjectHandler,
  ) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @Permit('system:manage', { project: 'p' })
  @Documented({
    tag: 'operations',
    summary: 'Bring a project back to the present after a clock was ahead',
    description:
      'Licenses and allotments that ended too early are in force again as their dates say, and the suspended return. ' +
      'Decisions made meanwhile stay. `?dryRun=true` shows the events. Refused while the clock of this machine differs from the database.',
    response: { schema: ClockCorrectionAnswer, example: { lastRecorded: '2027-01-01T00:00:00.000Z' } },
    problems: ['NOT_FOUND', 'CLOCKS_DIFFER', 'STALE_REVISION'],
    dryRun: true,
    idempotent: true,
    revised: true,
  })
  async correctClock(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: NoBody }) _body: unknown,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    if (await this.watch.isOff())
      throw new Problem('CLOCKS_DIFFER', 'The clocks of this machine and of the database differ: set them first');
    const meter = await this.meterOf(p);
    const done = await this.projects.run(p, { type: 'CorrectClock', ...(meter && { meter }) }, caller);
    const corrected = done.events.find((event) => event.type === 'ClockCorrected');
    const lastRecorded = corrected ? new Date(corrected.data.lastRecorded).toISOString() : null;
    return answerTo(caller, reply, done, { lastRecorded });
  }

  /**
   * The meter of the project as it was at the present, without what is dated later; `null`: there is no billing period, or no
   * later event. Reads the whole stream, which only a corrected clock is worth.
   */
  private async meterOf(projectId: string): Promise<Meter | null> {
    const now = this.clock.now();
    const [at, isBehind, isMeasured] = await this.handler.read(
      projectId,
      (state) => {
        const instant = correctedInstant(state, now);
        return [instant, lastRecordedOf(state) > instant, meterAt(state, instant) !== null] as const;
      },
      { consistent: true },
    );
    if (!isBehind || !isMeasured) return null;
    let last = -1;
    for await (const recorded of this.store.readStream(`project-${projectId}`))
      if (projectEventOf(recorded).at <= at) last = recorded.revision;
    if (last < 0) return null;
    const [meter = null] = await this.handler.readAt(projectId, [last], (state) => meterAt(state, at));
    return meter;
  }
}
