import { Inject, Injectable } from '@nestjs/common';
import { ReminderPlans } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import type { EntityManager } from 'typeorm';
import { ProjectProjection, TENANT_RECORDED } from '../../persistence/project-projection.js';
import { PROJECT_HANDLER, type ProjectHandler } from '../../tokens.js';
import { dueOfProject, reminderRows, type DueOfProject } from './due-of-project.js';
import { insertDue, reminderKey, removeDue } from './due-rows.js';
import { ABOUT_TERMS, touchedBy, type TouchedProject } from './touched-terms.js';

export const DUE_PROJECTION = 'due-work';

/**
 * Everything that becomes due: starts, ends, ends of grace, reminders, as the domain says of a project. An alarm clock and no
 * more: what an instant does is read off the project when it comes, so a superfluous row costs a check and changes nothing.
 */
@Injectable()
export class DueProjection extends ProjectProjection<readonly DueOfProject[]> {
  readonly name = DUE_PROJECTION;
  readonly eventTypes = [...ABOUT_TERMS, TENANT_RECORDED];

  constructor(@Inject(PROJECT_HANDLER) private readonly projects: ProjectHandler) {
    super();
  }

  async prepare(events: readonly RecordedEvent[]): Promise<readonly DueOfProject[]> {
    const due: DueOfProject[] = [];
    for (const touched of touchedBy(events)) due.push(await this.dueOf(touched));
    return due;
  }

  protected async write(_: readonly RecordedEvent[], tx: EntityManager, due: readonly DueOfProject[]): Promise<void> {
    if (due.length === 0) return;
    const plans = new ReminderPlans();
    const waiting = await removeDue(tx, due);
    const reminders = due.flatMap((project) =>
      reminderRows(project, plans, (groupId, ref) => waiting.get(reminderKey(project.projectId, groupId, ref))),
    );
    await insertDue(tx, [...due.flatMap(({ terms }) => terms), ...reminders]);
  }

  /** Jobs that wait for the queue stay: they are promises, not rows of a view. */
  async reset(tx: EntityManager): Promise<void> {
    await tx.query('TRUNCATE licensing.due');
  }

  /** The project with at least these events: a later one is followed by its own rows. */
  private async dueOf(touched: TouchedProject): Promise<DueOfProject> {
    const { projectId } = touched;
    const known = await this.projects.read(projectId, (state, revision) =>
      revision >= touched.revision ? dueOfProject(state, touched) : null,
    );
    return known ?? this.projects.read(projectId, (state) => dueOfProject(state, touched), { consistent: true });
  }
}
