import { Injectable } from '@nestjs/common';
import { projectAggregate } from '@allotree/domain';
import type { Projection, RecordedEvent } from '@allotree/event-sourcing';
import type { EntityManager } from 'typeorm';
import { rememberTenants } from '../../persistence/project-tenants.js';
import { projectOfStream } from '../../streams.js';
import { ABOUT_TERMS, DueBatch } from './due-batch.js';
import { withGroupsBelow, writeReminders, type TouchedGroup } from './reminder-rows.js';
import { writeGroupTerms, writeLicenseTerms, writePlaces, writeProjects } from './term-rows.js';

export const DUE_PROJECTION = 'due-work';

/**
 * Everything that becomes due: starts, ends, ends of grace, reminders. An alarm clock and no more: what an instant does is
 * read off the project when it comes, so a row too many costs a look and changes nothing.
 */
@Injectable()
export class DueProjection implements Projection {
  readonly name = DUE_PROJECTION;
  readonly categories = ['project'];
  readonly batchSize = 2_000;

  async apply(events: readonly RecordedEvent[], tx: EntityManager): Promise<void> {
    await rememberTenants(tx, events);
    const batch = new DueBatch();
    for (const recorded of events)
      if (ABOUT_TERMS.has(recorded.type))
        batch.add(projectOfStream(recorded.streamName), projectAggregate.decode(recorded.type, recorded.data));
    await writeProjects(tx, batch.projects);
    await writePlaces(tx, batch.places);
    await writeGroupTerms(tx, batch.groups);
    await writeLicenseTerms(tx, batch.licenses);
    await writeReminders(tx, await withGroupsBelow(tx, touchedBy(batch)));
  }

  /** Jobs that wait for the queue stay: they are promises, not rows of a view. */
  async reset(tx: EntityManager): Promise<void> {
    await tx.query('TRUNCATE licensing.due, licensing.due_project, licensing.due_group');
  }
}

/** Licenses end for the main group, whose id is that of the project. */
function touchedBy({ groups, licenses, places }: DueBatch): TouchedGroup[] {
  const touched = new Map<string, TouchedGroup>();
  const touch = ({ projectId, groupId, at }: TouchedGroup): void => {
    const key = `${projectId} ${groupId}`;
    const before = touched.get(key);
    if (!before || before.at < at) touched.set(key, { projectId, groupId, at });
  };
  for (const group of groups) touch(group);
  for (const { projectId, groupId, movedAt } of places)
    if (movedAt !== null) touch({ projectId, groupId, at: movedAt });
  for (const { projectId, at } of licenses) touch({ projectId, groupId: projectId, at });
  return [...touched.values()];
}
