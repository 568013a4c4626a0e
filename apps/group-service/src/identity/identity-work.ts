import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { JobQueues } from '@allotree/jobs';
import { AccountMails } from './mails/account-mails.js';
import { Sessions } from './sessions/sessions.js';

/** The schedule, and the queue it ticks in. */
const PEOPLE_WORK = 'people-work';
const EVERY_MS = 2_000;

/** Completes the work of requests whose process was killed. */
@Injectable()
export class IdentityWork implements OnApplicationBootstrap {
  constructor(
    private readonly jobs: JobQueues,
    private readonly mails: AccountMails,
    private readonly sessions: Sessions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.every(PEOPLE_WORK, EVERY_MS, () => this.tick());
  }

  async tick(): Promise<void> {
    await this.mails.tick();
    await this.sessions.announce();
  }
}
