import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import { PostgresSnapshotStore } from '@allotree/event-sourcing';
import { groupTreeAggregate } from '@allotree/domain';
import { openDump } from '../dump/open-dump.js';
import { restoreDump } from '../dump/restore-dump.js';
import { onOneState } from '../one-state.js';
import { checkStore, type StoreReport } from './check-store.js';

const DUMP = join(import.meta.dirname, '../../fixtures/dumps/custom.dump');
const TREE = 'group_tree-43fd0237-a8b3-8683-a9ec-9c98d930ec9b';
const PROJECT = 'project-43fd0237-a8b3-8683-a9ec-9c98d930ec9b';

describe('the check of a store', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    const dump = await openDump(DUMP);
    await restoreDump(dump, database.connectionString, () => undefined);
    await dump.close();
  });
  afterAll(() => database.drop());

  /** Checks the store after some SQL, which is rolled back. */
  const checked = (sql: string, streams?: readonly string[]): Promise<StoreReport> =>
    onOneState(
      database.connectionString,
      async (client) => {
        await client.query(sql);
        return checkStore({ client, ...(streams && { streams }), progress: () => undefined });
      },
      'READ WRITE',
    );
  const findingsOf = async (sql: string, streams?: readonly string[]) =>
    (await checked(sql, streams)).findings.map(({ stream, eventId, code, message }) => [
      code,
      stream,
      eventId,
      message,
    ]);
  const changed = (set: string, stream: string, revision: number): string =>
    `UPDATE events.event SET ${set} WHERE stream_name = '${stream}' AND revision = ${revision} `;
  const idOf = async (stream: string, revision: number): Promise<string> =>
    onOneState(database.connectionString, async (client) => {
      const { rows } = await client.query<{ event_id: string }>(
        'SELECT event_id FROM events.event WHERE stream_name = $1 AND revision = $2',
        [stream, revision],
      );
      return rows[0]!.event_id;
    });

  it('finds nothing in a store that is whole, and says how far it goes', async () => {
    expect(await checked('SELECT 1')).toEqual({
      streams: 11,
      events: 39,
      position: '1611661313',
      instant: '2026-11-29T21:45:52.768Z',
      withoutDataChecksum: 0,
      findings: [],
    });
  });

  it('names the event whose data, type or command was changed', async () => {
    const eventId = await idOf(TREE, 3);
    for (const set of [
      `data = replace(data::text, '"name":"', '"name":"X')::json`,
      `command_id = command_id || '0'`,
      `event_id = gen_random_uuid()`,
    ]) {
      const findings = await findingsOf(changed(set, TREE, 3));
      const id = set.startsWith('event_id') ? expect.any(String) : eventId;
      expect(findings).toContainEqual(['EVENT_CHANGED', TREE, id, expect.stringContaining('its id does not follow')]);
    }
  });

  it('names an event that cannot be decoded', async () => {
    expect(await findingsOf(changed(`type = 'Nothing'`, PROJECT, 4))).toContainEqual([
      'EVENT_UNREADABLE',
      PROJECT,
      await idOf(PROJECT, 4),
      expect.stringContaining('Nothing cannot be applied'),
    ]);
  });

  it('finds a missing event, also in a stream that it does not replay', async () => {
    const gap = `DELETE FROM events.event WHERE stream_name = '${PROJECT}' AND revision = 5`;
    expect(await findingsOf(gap)).toContainEqual([
      'REVISION_MISSING',
      PROJECT,
      await idOf(PROJECT, 6),
      'it has revision 6 where 5 is next',
    ]);
    expect(await findingsOf(gap, [TREE])).toEqual([
      ['REVISION_MISSING', PROJECT, null, 'it has 14 events, and its last one is number 15'],
    ]);
  });

  it('finds the end of the log missing, by the checkpoints', async () => {
    const findings = await findingsOf(
      'DELETE FROM events.event WHERE position = (SELECT max(position) FROM events.event)',
    );
    expect(findings).toContainEqual([
      'CHECKPOINT_BEYOND_END',
      'licensing.checkpoint',
      null,
      expect.stringContaining('the checkpoint of due-work (1611661313) is beyond the last event'),
    ]);
  });

  it('finds positions out of order, and streams of no aggregate', async () => {
    expect(await findingsOf(changed('position = 1', TREE, 2))).toContainEqual([
      'POSITION_OUT_OF_ORDER',
      TREE,
      await idOf(TREE, 2),
      expect.stringContaining('its position 1 is not beyond'),
    ]);
    expect(
      await findingsOf(`UPDATE events.event SET stream_name = 'x-1' WHERE stream_name = 'device-HBA0001'`),
    ).toContainEqual(['UNKNOWN_STREAM', 'x-1', null, 'no aggregate has streams of this name']);
  });

  it('finds rows of read models that differ from the events', async () => {
    expect(
      await findingsOf(`UPDATE groups.group_node SET name = 'Elsewhere' WHERE name = 'Building A';
        UPDATE groups.checkpoint SET position = 1611661313`),
    ).toEqual([
      ['ROWS_DIFFER', TREE, null, expect.stringMatching(/^1 rows of groups.group_node differ from the events: /)],
    ]);
    expect(
      await findingsOf(
        `DELETE FROM licensing.license WHERE type <> 'basic'; UPDATE licensing.checkpoint SET position = 1611661313`,
      ),
    ).toContainEqual(['ROWS_DIFFER', PROJECT, null, expect.stringContaining('rows of licensing.license differ')]);
  });

  it('compares snapshots with the events and their digests', async () => {
    const store = await PostgresSnapshotStore.open({ connectionString: database.connectionString });
    let state = groupTreeAggregate.initial();
    let last = { eventId: '', position: 0n };
    await onOneState(database.connectionString, async (client) => {
      const { rows } = await client.query<{ type: string; data: unknown; event_id: string; position: string }>(
        'SELECT type, data, event_id, position FROM events.event WHERE stream_name = $1 ORDER BY revision',
        [TREE],
      );
      for (const { type, data, event_id: eventId, position } of rows) {
        state = groupTreeAggregate.evolve(state, groupTreeAggregate.decode(type, data));
        last = { eventId, position: BigInt(position) };
      }
    });
    const snapshot = (of: unknown) => ({
      version: groupTreeAggregate.snapshot.version + 1_000,
      revision: 7,
      ...last,
      json: JSON.stringify({ state: of, settings: [] }),
    });
    // Restored, the groups are in another order.
    const encoded = groupTreeAggregate.snapshot.encode(
      groupTreeAggregate.snapshot.decode(groupTreeAggregate.snapshot.encode(state)),
    );
    await store.save(TREE, snapshot(encoded));
    expect(await findingsOf('SELECT 1')).toEqual([]);
    expect(await findingsOf('UPDATE events.snapshot SET position = position + 1')).toEqual([
      ['SNAPSHOT_WRONG', TREE, last.eventId, 'its digest does not match'],
    ]);
    await store.save(TREE, snapshot({ ...encoded, names: encoded.names.map((name) => `${name}!`) }));
    expect(await findingsOf('SELECT 1')).toEqual([
      ['SNAPSHOT_WRONG', TREE, last.eventId, 'its state is not that of the events'],
    ]);
    await store.close();
  });
});
