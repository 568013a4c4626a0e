import type { CloudEvent } from '@allotree/contracts';

/** A message that a consumer group could not handle. */
export interface DeadLetter {
  /** `<group>/<position of the message on its topic>`: stable, however often the message is filed. */
  readonly letterId: string;
  /** `null`: the message is not a CloudEvent of this system. */
  readonly event: CloudEvent | null;
  /** The unchanged message. */
  readonly content: string;
  readonly group: string;
  readonly error: string;
  /** The number of attempts. */
  readonly attempts: number;
  /** When the dead letter was filed: an ISO instant. */
  readonly time: string;
}

/** Selects dead letters: all of them, unless a field is set. */
export interface DeadLetterFilter {
  readonly group?: string | undefined;
  /** Ids of dead letters or of their events. */
  readonly ids?: readonly string[] | undefined;
}

export const matchesFilter = ({ letterId, group, event }: DeadLetter, filter: DeadLetterFilter): boolean =>
  (filter.group === undefined || filter.group === group) &&
  (filter.ids === undefined || filter.ids.includes(letterId) || (event !== null && filter.ids.includes(event.id)));

/** Why a message became a dead letter. */
export interface Failure {
  readonly error: string;
  readonly attempts: number;
  readonly time: string;
}

/** The extension attribute of a replayed event that names the one consumer group it is meant for. Other groups skip the event. */
export const ONLY_FOR = 'onlyfor';
