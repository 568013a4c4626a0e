import type { IHeaders, Message } from 'kafkajs';
import { ONLY_FOR, type DeadLetter, type Failure } from '../dead-letter.js';
import { headerReader, receivedRecord, type KafkaRecord } from './binary-mode.js';

/** A message that a consumer group could not handle. */
export interface FailedRecord {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly record: KafkaRecord;
}

const LETTER = 'dlq-letter';
const GROUP = 'dlq-group';
const ERROR = 'dlq-error';
const ATTEMPTS = 'dlq-attempts';
const TIME = 'dlq-time';
const REPLAYED = 'dlq-replayed';

/** The unchanged bytes of the message, with headers that describe the failure. */
export function letterMessage({ groupId, partition, offset, record }: FailedRecord, failure: Failure): Message {
  return {
    key: record.key ?? null,
    value: record.value,
    headers: {
      ...record.headers,
      [LETTER]: `${groupId}/${partition}-${offset}`,
      [GROUP]: groupId,
      [ERROR]: failure.error,
      [ATTEMPTS]: String(failure.attempts),
      [TIME]: failure.time,
    },
  };
}

export interface FiledLetter {
  readonly letter: DeadLetter;
  readonly record: KafkaRecord;
}

/** Each dead letter once, oldest first, without those that a note marks as replayed. */
export function openLetters(records: readonly KafkaRecord[]): readonly FiledLetter[] {
  const letters = new Map<string, FiledLetter>();
  const replayed = new Set<string>();
  for (const record of records) {
    const headers = headerReader(record.headers);
    const note = headers.get(REPLAYED);
    if (note !== undefined) replayed.add(note);
    const letterId = headers.get(LETTER);
    if (letterId !== undefined && !letters.has(letterId))
      letters.set(letterId, { record, letter: letterOf(letterId, headers, record) });
  }
  return [...letters.values()]
    .filter(({ letter }) => !replayed.has(letter.letterId))
    .sort((one, other) => one.letter.time.localeCompare(other.letter.time));
}

const letterOf = (letterId: string, headers: ReadonlyMap<string, string>, record: KafkaRecord): DeadLetter => ({
  letterId,
  event: receivedRecord(record).event,
  content: record.value?.toString() ?? '',
  group: headers.get(GROUP) ?? '',
  error: headers.get(ERROR) ?? '',
  attempts: Number(headers.get(ATTEMPTS) ?? 0),
  time: headers.get(TIME) ?? '',
});

/** The message for its original topic, addressed to the group that failed, and the note for the dead letter topic. */
export function replayOf({ letter, record }: FiledLetter): { readonly message: Message; readonly note: Message } {
  const headers: IHeaders = {};
  for (const [name, value] of Object.entries(record.headers ?? {})) if (!name.startsWith('dlq-')) headers[name] = value;
  return {
    message: {
      key: record.key ?? null,
      value: record.value,
      headers: { ...headers, [`ce_${ONLY_FOR}`]: letter.group },
    },
    note: { key: record.key ?? null, value: null, headers: { [REPLAYED]: letter.letterId } },
  };
}
