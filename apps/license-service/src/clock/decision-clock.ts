import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@allotree/basics';
import { periodEndOf } from '@allotree/domain';
import { ClockWatch } from '@allotree/service';
import { PROJECT_HANDLER, type ProjectHandler } from '../tokens.js';

/** The instant of decisions on projects. */
@Injectable()
export class DecisionClock {
  constructor(
    @Inject(PROJECT_HANDLER) private readonly projects: ProjectHandler,
    private readonly clock: Clock,
    private readonly watch: ClockWatch,
  ) {}

  /**
   * A decision after the end of a billing period closes it, and no corrected clock takes that back. So it is dated by the clock
   * of the database where this machine is too far ahead.
   */
  async now(projectId: string): Promise<number> {
    const now = this.clock.now();
    const end = await this.projects.read(projectId, periodEndOf);
    return end === null || now < end ? now : this.watch.corrected(now);
  }
}
