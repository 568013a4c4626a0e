import { Inject, Injectable } from '@nestjs/common';
import { projectAggregate, type ProjectState } from '@allotree/domain';
import type { EventStore, Reactor, RecordedEvent } from '@allotree/event-sourcing';
import { EVENT_STORE, PROJECT_HANDLER, type ProjectHandler } from '../../tokens.js';
import { ExpiryOutbox, type ExpiryJob } from '../expiry-outbox.js';
import { momentsOf, type Moment } from './moments.js';
import { expiryJobsOf } from './expiry-jobs.js';

export const EXPIRY_NOTIFICATIONS = 'expiry-news';

/** Queues a job for the notification service for everything that ended, began or was restored in a project (E3). */
@Injectable()
export class ExpiryNotificationsReactor implements Reactor {
  readonly name = EXPIRY_NOTIFICATIONS;
  readonly categories = ['project'];
  readonly batchSize = 500;

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

  /** @param moments of one project, in order */
  private async expiryJobsOf(moments: readonly Moment[]): Promise<ExpiryJob[]> {
    const [only] = moments;
    if (only && moments.length === 1) {
      const jobs = await this.projects.read(only.projectId, (state, revision) =>
        revision === only.revision ? expiryJobsOf(only, state) : null,
      );
      if (jobs) return jobs;
    }
    return this.jobsAsOfThen(moments);
  }

  /** The project has moved on since: it is folded again, up to each moment. */
  private async jobsAsOfThen(moments: readonly Moment[]): Promise<ExpiryJob[]> {
    const jobs: ExpiryJob[] = [];
    const rest = [...moments];
    let state: ProjectState = projectAggregate.initial();
    for await (const { type, data, revision } of this.store.readStream(moments[0]?.streamName ?? '')) {
      state = projectAggregate.evolve(state, projectAggregate.decode(type, data));
      if (revision !== rest[0]?.revision) continue;
      jobs.push(...expiryJobsOf(rest[0], state));
      rest.shift();
      if (rest.length === 0) break;
    }
    return jobs;
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
