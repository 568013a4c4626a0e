import { Body, Controller, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { ClockCorrectionAnswer, DryRun, NoBody } from '@allotree/contracts';
import { Caller, Documented, Permit, Problem } from '@allotree/http';
import { ClockWatch } from '@allotree/service';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../../answer.js';
import { ProjectPath } from '../../paths.js';
import { Projects } from '../../projects.js';

/** For the operator: repairs a project that a machine touched whose clock was ahead. */
@Controller('projects/:p/clock-corrections')
export class CorrectClockController {
  constructor(
    private readonly projects: Projects,
    private readonly watch: ClockWatch,
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
    const done = await this.projects.run(p, { type: 'CorrectClock' }, caller);
    const corrected = done.events.find((event) => event.type === 'ClockCorrected');
    const lastRecorded = corrected ? new Date(corrected.data.lastRecorded).toISOString() : null;
    return answerTo(caller, reply, done, { lastRecorded });
  }
}
