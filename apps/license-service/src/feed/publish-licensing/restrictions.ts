import type { ProjectStructure, Reminder, RestrictionSection } from '@allotree/domain';
import { contentOf } from './content.js';
import type { Outgoing } from './outgoing.js';

export function restrictionChanged(projectId: string, groupId: string, section: RestrictionSection): Outgoing {
  const { enabled, poolMode, gracePeriodDays, place } = section;
  const allotments = section.allotments.map((allotment) => {
    const { allotmentId, type } = allotment;
    return { allotmentId, type, ...contentOf(allotment) };
  });
  const reminder = section.reminder && reminderOf(section.reminder);
  const data = { projectId, groupId, enabled, poolMode, gracePeriodDays, reminder, allotments, place };
  return { type: 'allotree.restriction-changed.v1', data };
}

/** The section of a group after its allotments were changed; empty if the group never had one. */
export function sectionChanged(projectId: string, groupId: string, structure: ProjectStructure): readonly Outgoing[] {
  const section = structure.sectionOf(groupId);
  return section ? [restrictionChanged(projectId, groupId, section)] : [];
}

const reminderOf = ({ daysBefore, recurrence, recipients }: Reminder) => ({
  daysBefore: [...daysBefore],
  recurrence,
  recipients,
});
