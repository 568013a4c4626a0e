import { projectAggregate } from '@allotree/domain';
import { decodeOnce } from '@allotree/event-sourcing';

/** `partner_stock-<partnerId>`, `project-<projectId>`: a category has no `-`. */
const idOf = (streamName: string): string => streamName.slice(streamName.indexOf('-') + 1);

export const partnerOfStream = idOf;
export const projectOfStream = idOf;

/** A recorded event of a project's stream. The result is shared by all subscriptions. */
export const projectEventOf = decodeOnce(projectAggregate);
