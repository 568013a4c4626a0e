import { Injectable } from '@nestjs/common';
import type { ProjectEventType } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import type { EntityManager } from 'typeorm';
import { ProjectProjection, TENANT_RECORDED } from '../../persistence/project-projection.js';
import { projectEventOf, projectOfStream } from '../../streams.js';
import { GROUP_BATCH_EVENTS, GroupBatch } from './group-batch.js';
import { relocateGroup, removeGroup } from './tree-changes.js';

const ABOUT_GROUPS: readonly ProjectEventType[] = [
  ...GROUP_BATCH_EVENTS,
  'GroupRelocated',
  'GroupRemoved',
  TENANT_RECORDED,
];

/**
 * The tree with its paths, and the allotments of its groups. Events are gathered and written in sets; a change of the
 * tree itself comes between two sets, because it rewrites paths that were written before.
 */
@Injectable()
export class GroupViewsProjection extends ProjectProjection {
  readonly name = 'group-views';
  readonly tables = [{ name: 'license_group' }, { name: 'allotment' }];
  readonly eventTypes = ABOUT_GROUPS;

  protected async write(events: readonly RecordedEvent[], tx: EntityManager): Promise<void> {
    let batch = new GroupBatch();
    for (const recorded of events) {
      const projectId = projectOfStream(recorded.streamName);
      const event = projectEventOf(recorded);
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
}
