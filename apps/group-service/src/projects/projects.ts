import { Injectable } from '@nestjs/common';
import type { ProjectDetails } from '@allotree/contracts';
import { closedReasonOf, groupSetting, projectFactsOf } from '@allotree/domain';
import { notFound, type Caller } from '@allotree/http';
import { closingStatusOf } from '../closing-status.js';
import { Trees } from '../groups/trees.js';

/** A project as routes answer it: exact for the moment, with its own revision as ETag. */
@Injectable()
export class Projects {
  constructor(private readonly trees: Trees) {}

  /** @throws Problem `NOT_FOUND` */
  async show(projectId: string, caller: Caller): Promise<ProjectDetails> {
    const { facts, closedReason, revision } = await this.trees.look(projectId, (state, _revision, revisionOf) => ({
      facts: projectFactsOf(state),
      closedReason: closedReasonOf(state),
      // The name of a project is that of its root.
      revision: revisionOf(groupSetting(projectId)),
    }));
    if (facts === null) throw notFound('project', projectId);
    const { trial: _, ...shown } = facts;
    caller.answerRevision(revision);
    return { ...shown, ...closingStatusOf(closedReason) };
  }
}

export const PROJECT_EXAMPLE = {
  projectId: 'hafenblick',
  name: 'Hafenblick',
  partnerId: 'dealer',
  tenantId: 'nordlicht',
  timeZone: 'Europe/Berlin',
  billingMode: 'prepaid',
  ...closingStatusOf(null),
};
