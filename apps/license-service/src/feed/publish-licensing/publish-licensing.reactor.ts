import { Inject, Injectable } from '@nestjs/common';
import { LICENSING_TOPIC, type CloudEvent } from '@allotree/contracts';
import type { Reactor, RecordedEvent } from '@allotree/event-sourcing';
import { BusPublisher } from '@allotree/bus';
import { PROJECT_HANDLER, type ProjectHandler } from '../../tokens.js';
import { integrationEventsOf } from './cloud-events.js';
import { ProjectStructures } from './project-structures.js';

/** Assignments and other events that are published together: a few megabytes. */
const MAX_ENTRIES = 10_000;

/** Publishes integration events about licenses and their use, mainly for billing and reporting. */
@Injectable()
export class PublishLicensingReactor implements Reactor {
  readonly name = 'publish-licensing';
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
      for (const outgoing of this.parts(events)) await this.bus.publish(LICENSING_TOPIC, outgoing);
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

const entriesIn = ({ data }: CloudEvent): number =>
  Math.max(1, (data as { assignments?: readonly unknown[] }).assignments?.length ?? 1);
