import { Inject, Injectable } from '@nestjs/common';
import { LICENSING_HISTORY_TOPIC, LICENSING_TOPIC, type CloudEvent } from '@allotree/contracts';
import type { Reactor, RecordedEvent } from '@allotree/event-sourcing';
import { BusPublisher } from '@allotree/bus';
import { PROJECT_HANDLER, type ProjectHandler } from '../../tokens.js';
import { integrationEventsOf } from './cloud-events.js';
import { ProjectStructures } from './project-structures.js';

/** Assignments and other events that are published together: a few megabytes. */
const MAX_ENTRIES = 10_000;

export const PUBLISH_LICENSING = 'publish-licensing';

/** Publishes integration events about licenses and their use, mainly for billing and reporting. */
@Injectable()
export class PublishLicensingReactor implements Reactor {
  readonly name = PUBLISH_LICENSING;
  protected readonly topic: string = LICENSING_TOPIC;
  readonly categories = ['project', 'partner_stock'];
  readonly batchSize = 1_000;
  private readonly structures: ProjectStructures;

  constructor(
    private readonly bus: BusPublisher,
    @Inject(PROJECT_HANDLER) projects: ProjectHandler,
  ) {
    this.structures = new ProjectStructures(projects);
  }

  async handle(events: readonly RecordedEvent[]): Promise<void> {
    await this.structures.prepare(events);
    try {
      for (const outgoing of this.parts(events)) await this.bus.publish(this.topic, outgoing);
    } catch (error) {
      this.structures.undo();
      throw error;
    }
    this.structures.keep();
  }

  /** The integration events of these events, in parts of a bounded size. */
  private *parts(events: readonly RecordedEvent[]): Generator<readonly CloudEvent[]> {
    let part: CloudEvent[] = [];
    let entries = 0;
    for (const recorded of events) {
      for (const event of integrationEventsOf(recorded, this.structures.after)) {
        part.push(event);
        entries += entriesIn(event);
      }
      if (entries < MAX_ENTRIES) continue;
      yield part;
      part = [];
      entries = 0;
    }
    if (part.length > 0) yield part;
  }
}

/** Publishes for the reporting service what an earlier version has published with fewer fields and types. */
@Injectable()
export class PublishLicensingHistoryReactor extends PublishLicensingReactor {
  protected override readonly topic = LICENSING_HISTORY_TOPIC;
}

const entriesIn = ({ data }: CloudEvent): number =>
  Math.max(1, (data as { assignments?: readonly unknown[] }).assignments?.length ?? 1);
