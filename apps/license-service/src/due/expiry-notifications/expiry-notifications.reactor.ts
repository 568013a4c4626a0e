import { Inject, Injectable } from '@nestjs/common';
import type { EventStore, Reactor, RecordedEvent } from '@allotree/event-sourcing';
import { EVENT_STORE, PROJECT_HANDLER, type ProjectHandler } from '../../tokens.js';
import { ExpiryOutbox, type ExpiryJob } from '../expiry-outbox.js';
import { INTERESTING, momentsOf, type Moment } from './moments.js';
import { expiryJobsOf } from './expiry-jobs.js';

export const EXPIRY_NOTIFICATIONS = 'expiry-news';

/** Queues a job for the notification service for everything that ended, began or was restored in a project (E3). */
@Injectable()
export class ExpiryNotificationsReactor implements Reactor {
  readonly name = EXPIRY_NOTIFICATIONS;
  readonly categories = ['project'];
  readonly batchSize = 500;
  readonly eventTypes = [...INTERESTING];

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(PROJECT_HANDLER) private readonly projects: ProjectHandler,
    private readonly outbox: ExpiryOutbox,
  ) {}

  async handle(events: readonly RecordedEvent[]): Promise<void> {
    const moments = await momentsOf(events, this.store);
    if (moments.length === 0) return;
    const jobs: ExpiryJob[] = [];
    for (const some of byProject(moments)) jobs.push(...(await this.expiryJobsOf(some)));
    jobs.sort((a, b) => Date.parse(a.data.dueAt) - Date.parse(b.data.dueAt));
    await this.outbox.put(jobs);
  }

  /** @param moments of one project, in order. Each is described by the project as it was then. */
  private async expiryJobsOf(moments: readonly Moment[]): Promise<ExpiryJob[]> {
    const revisions = moments.map(({ revision }) => revision);
    const { projectId } = moments[0]!;
    const jobs = await this.projects.readAt(projectId, revisions, (state, index) =>
      expiryJobsOf(moments[index]!, state),
    );
    return jobs.flat();
  }
}

function byProject(moments: readonly Moment[]): Moment[][] {
  const projects = new Map<string, Moment[]>();
  for (const moment of moments) {
    const known = projects.get(moment.projectId);
    if (known) known.push(moment);
    else projects.set(moment.projectId, [moment]);
  }
  return [...projects.values()];
}
