import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GROUPS_EVENTS, LICENSING_EVENTS } from '@allotree/contracts';
import { describe, expect, it } from '@jest/globals';
import { messageOf, receivedRecord } from './binary-mode.js';

interface Recorded {
  readonly topic: keyof typeof SCHEMAS;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

const SCHEMAS = { 'groups.events.v1': GROUPS_EVENTS, 'licensing.events.v1': LICENSING_EVENTS };

/**
 * The events that version 0.1.0 published for `npm run demo` and the house of the examples, as records on Kafka: a topic keeps them
 * forever, and consumers that begin anew read them.
 */
const records = gunzipSync(readFileSync(join(import.meta.dirname, '../../fixtures/version-0.1-records.jsonl.gz')))
  .toString()
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

describe('the records that version 0.1.0 has written to Kafka', () => {
  it('are read as events, each under the key of its subject', () => {
    const read = records.map((record) => receivedRecord(record));
    expect(read.filter(({ event }) => event === null)).toEqual([]);
    expect(read.map(({ event }) => event?.subject)).toEqual(records.map(({ key }) => key));
    expect(read.filter(({ onlyFor }) => onlyFor !== null)).toEqual([]);
  });

  it('have data that consumers of today accept, of types that they know', () => {
    const flaws = records.flatMap((record) => {
      const { event } = receivedRecord(record);
      const schemas: Readonly<Record<string, { safeParse(data: unknown): { readonly error?: Error | undefined } }>> =
        SCHEMAS[record.topic];
      const schema = schemas[event!.type];
      if (schema === undefined) return [`${event!.type} is unknown`];
      const { error } = schema.safeParse(event!.data);
      return error === undefined ? [] : [`${event!.type}: ${error.message}`];
    });
    expect(flaws).toEqual([]);
    expect(new Set(records.map(({ headers }) => headers['ce_type'])).size).toBe(11);
  });

  it('are written in the same form today', () => {
    for (const record of records) {
      const { key, headers, value } = messageOf(receivedRecord(record).event!);
      expect({ key, headers, value }).toEqual({ key: record.key, headers: record.headers, value: record.value });
    }
  });
});
