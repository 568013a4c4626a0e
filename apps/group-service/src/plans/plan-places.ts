import { Injectable } from '@nestjs/common';
import { Problem } from '@allotree/http';

/** Plans that a process computes at once, and those of one caller among them. */
const OF_A_PROCESS = 8;
const OF_A_CALLER = 2;
const RETRY_AFTER_SECONDS = 5;

/** Bounds the plans of whole projects that are computed at once: each holds a file and a project in memory. */
@Injectable()
export class PlanPlaces {
  private readonly taken = new Map<string, number>();
  private all = 0;

  /** @throws Problem `RATE_LIMITED` where the caller has as many in progress as they may, `OVERLOADED` where the process has */
  async hold<Result>(userId: string, work: () => Promise<Result>): Promise<Result> {
    const own = this.taken.get(userId) ?? 0;
    if (own >= OF_A_CALLER)
      throw new Problem('RATE_LIMITED', `${own} of your plans are being computed: wait until one is finished.`, {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    if (this.all >= OF_A_PROCESS)
      throw new Problem('OVERLOADED', 'Nothing was done: too many plans are being computed', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    this.taken.set(userId, own + 1);
    this.all += 1;
    try {
      return await work();
    } finally {
      this.all -= 1;
      const left = (this.taken.get(userId) ?? 1) - 1;
      if (left > 0) this.taken.set(userId, left);
      else this.taken.delete(userId);
    }
  }
}
