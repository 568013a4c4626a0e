import { Injectable } from '@nestjs/common';
import { projectAggregate } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import type { EntityManager } from 'typeorm';
import { ProjectProjection } from '../../persistence/project-projection.js';
import { projectOfStream } from '../../streams.js';
import { GroupBatch } from './group-batch.js';
import { relocateGroup, removeGroup } from './tree-changes.js';

/**
 * The tree with its paths, and the allotments of its groups. Events are gathered and written in sets; a change of the
 * tree itself comes between two sets, because it rewrites paths that were written before.
 */
@Injectable()
export class GroupViewsProjection extends ProjectProjection {
  readonly name = 'group-views';

  protected async write(events: readonly RecordedEvent[], tx: EntityManager): Promise<void> {
    let batch = new GroupBatch();
    for (const recorded of events) {
      const projectId = projectOfStream(recorded.streamName);
      const event = projectAggregate.decode(recorded.type, recorded.data);
      if (event.type !== 'GroupRelocated' && event.type !== 'GroupRemoved') {
        batch.add(projectId, event);
        continue;
      }
      await batch.write(tx);
      batch = new GroupBatch();
      if (event.type === 'GroupRelocated') await relocateGroup(tx, projectId, event);
      else await removeGroup(tx, projectId, event);
    }
    await batch.write(tx);
  }

  async reset(tx: EntityManager): Promise<void> {
    await tx.query(`TRUNCATE licensing.license_group, licensing.allotment`);
  }
}
