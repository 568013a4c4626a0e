import { deriveId } from './derive-id.js';

/** What the id of an event covers. */
export interface IdentifiedEvent {
  readonly commandId: string;
  /** Of the event in its stream. */
  readonly revision: number;
  readonly type: string;
  /** The data as JSON. */
  readonly json: string;
  /** Whether it is the last event that its command records in the stream. */
  readonly isLast: boolean;
}

/**
 * The id of an event. A command that is repeated, here or in another process, can be decided differently, because more became due
 * meanwhile. Only the same decision counts as appended already: an event has another id at another place, with other content, or where
 * more events of the command follow.
 */
export const eventIdOf = ({ commandId, revision, type, json, isLast }: IdentifiedEvent): string =>
  deriveId(commandId, `${revision} ${type} ${json}${isLast ? '' : ' and more'}`);
