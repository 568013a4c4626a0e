import type { CloudEvent } from '@allotree/contracts';

/** A message that a consumer group could not handle. */
export interface DeadLetter {
  /** `<group>/<where the message lay on its topic>`: the same however often it is filed. */
  readonly letterId: string;
  /** `null`: the message is no CloudEvent of this system. */
  readonly event: CloudEvent | null;
  /** The message as it was. */
  readonly content: string;
  readonly group: string;
  readonly error: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** When it was filed: an ISO instant. */
  readonly time: string;
}

/** Which dead letters are meant: all, unless something is named. */
export interface LetterChoice {
  readonly group?: string | undefined;
  /** Ids of letters or of their events. */
  readonly ids?: readonly string[] | undefined;
}

export const isChosen = ({ letterId, group, event }: DeadLetter, choice: LetterChoice): boolean =>
  (choice.group === undefined || choice.group === group) &&
  (choice.ids === undefined || choice.ids.includes(letterId) || (event !== null && choice.ids.includes(event.id)));

/** Why a message became a dead letter. */
export interface Failure {
  readonly error: string;
  readonly attempts: number;
  readonly time: string;
}

/**
 * The extension attribute of an event that is on its topic once more: the one consumer group it is meant for. The others
 * pass over it.
 */
export const ONLY_FOR = 'onlyfor';
