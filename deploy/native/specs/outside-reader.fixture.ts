import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GROUPS_TOPIC, LICENSING_TOPIC } from '@allotree/contracts';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { findProgram, MissingProgram } from '../server.mjs';
import { missingOf } from '../backends.mjs';
import { MINUTES, root, until, type Ended, type OnACluster } from './on-a-cluster.js';

const KCAT = {
  requirePrograms() {
    if (findProgram('kcat') === null)
      throw new MissingProgram('kcat', 'See https://github.com/edenhill/kcat.', ['kcat']);
  },
};

/** A message as kcat (librdkafka) prints it with `-J`. */
interface Message {
  readonly key: string;
  readonly payload: string;
  /** Name, value, name, value, ... */
  readonly headers: readonly string[];
}

/** All committed messages of a topic, read by a client without any code of this system. */
async function read(topic: string, brokers: string): Promise<Message[]> {
  const args = ['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-J'];
  const { stdout } = await promisify(execFile)('kcat', [...args, '-X', 'isolation.level=read_committed'], {
    maxBuffer: 100_000_000,
  });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Message);
}

/** CloudEvents binding for Kafka, binary mode: attributes are headers `ce_<name>`, the value is the data. */
function eventOf({ headers, payload }: Message): Record<string, unknown> {
  const named = headers.flatMap((name, place) => (place % 2 === 0 ? [[name, headers[place + 1]] as const] : []));
  const attributes = named.map(([name, value]) => [
    name === 'content-type' ? 'datacontenttype' : name.replace(/^ce_/, ''),
    value,
  ]);
  return { ...Object.fromEntries(attributes), data: JSON.parse(payload) as unknown };
}

/** The published schema files. */
async function publishedSchemas(): Promise<Ajv2020> {
  const ajv = new Ajv2020({ allErrors: true });
  (formats as unknown as (ajv: Ajv2020) => void)(ajv);
  const folder = join(root, 'docs/reference/event-schemas');
  for (const file of await readdir(folder))
    ajv.addSchema(JSON.parse(await readFile(join(folder, file), 'utf8')) as object);
  return ajv;
}

/** Tests that read the topics with kcat. They are skipped if kcat is missing, with the reason in their name; CI has it. */
export function describeOutsideReader(on: () => OnACluster, theDemo: () => Promise<Ended>): void {
  const missing = missingOf(KCAT);
  if (missing && process.env['CI'] === 'true') throw missing;
  const runs = missing ? it.skip : it;
  describe(`an external reader of the topics${missing ? ` (skipped: ${missing.message})` : ''}`, () => {
    runs(
      'finds every message valid against its published schema, with its key and in order per project',
      async () => {
        const { cluster } = on();
        expect(await theDemo()).toMatchObject({ code: 0 });
        const brokers = cluster.environment['KAFKA_BROKERS'] ?? '';
        const ajv = await publishedSchemas();
        const typesOf: Record<string, string[]> = {};
        for (const topic of [GROUPS_TOPIC, LICENSING_TOPIC]) {
          // The demo ends with its responses; the publisher follows shortly after.
          const messages = await until(
            () => read(topic, brokers),
            async (some) => (await read(topic, brokers)).length === some.length && some.length > 0,
          );
          const sequences = new Map<string, string>();
          for (const message of messages) {
            const event = eventOf(message) as Record<'type' | 'dataschema' | 'subject' | 'source' | 'sequence', string>;
            const validate = ajv.getSchema(event.dataschema);
            expect({
              type: event.type,
              faults: validate?.(event) === true ? [] : (validate?.errors ?? 'no schema'),
            }).toEqual({ type: event.type, faults: [] });
            expect(message.key).toBe(event.subject);
            expect(event.sequence >= (sequences.get(event.subject) ?? '')).toBe(true);
            sequences.set(event.subject, event.sequence);
            (typesOf[topic] ??= []).push(event.type);
          }
        }
        const withoutVersion = (topic: string) =>
          new Set(typesOf[topic]?.map((type) => /allotree\.(.*)\.v1/.exec(type)?.[1]));
        const groups = ['partner-registered', 'project-created', 'groups-placed', 'member-added', 'device-registered'];
        expect([...withoutVersion(GROUPS_TOPIC)]).toEqual(expect.arrayContaining(groups));
        const licensing = ['package-recorded', 'package-sold', 'units-issued', 'license-granted', 'assignments-made'];
        expect([...withoutVersion(LICENSING_TOPIC)]).toEqual(expect.arrayContaining(licensing));
      },
      3 * MINUTES,
    );
  });
}
