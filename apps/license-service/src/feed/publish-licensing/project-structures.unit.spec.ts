import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { projectAggregate, type ProjectEvent, type ProjectState } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import { ProjectStructures } from './project-structures.js';

const at = Date.parse('2026-06-01T00:00:00Z');
const group = (groupId: string, parentId: string) => ({ groupId, parentId, type: 'custom' as const, name: groupId });
const project = { tenantId: 'n', partnerId: 'n', name: 'P', timeZone: 'UTC', billingMode: 'prepaid' as const };
const assignments = [{ assignmentId: 's', groupId: 'u', resource: 'sip_number' as const }];

/** A tree that changes between events that need paths. */
const HISTORY: readonly ProjectEvent[] = [
  { type: 'ProjectOpened', at, data: { projectId: 'p', ...project } },
  { type: 'GroupsPlaced', at, data: { groups: [group('a', 'p'), group('b', 'p'), group('u', 'a')] } },
  { type: 'AssignmentsSuspended', at, data: { assignments } },
  { type: 'GroupRelocated', at, data: { groupId: 'u', parentId: 'b' } },
  { type: 'AssignmentsReinstated', at, data: { assignments } },
  { type: 'GroupRelocated', at, data: { groupId: 'u', parentId: 'p' } },
  { type: 'AssignmentsReleased', at, data: { assignments, reason: 'group_removed' } },
  { type: 'GroupRemoved', at, data: { groupId: 'u' } },
];
const PATHS = { 2: ['p', 'a', 'u'], 4: ['p', 'b', 'u'], 6: ['p', 'u'] };

const recordedIn = (projectId: string, from = 0): RecordedEvent[] =>
  HISTORY.map((event, revision) => ({
    ...projectAggregate.encode(event),
    streamName: `project-${projectId}`,
    revision,
    position: 1n,
    metadata: {
      eventId: `${projectId}-${revision}`,
      commandId: 'command',
      correlationId: 'correlation',
      causationId: null,
      actor: 'user:administrator',
      tenantId: 'n',
      recordedAt: '2026-06-01T00:00:01.000Z',
    },
  })).slice(from);

/** Projects of the same history, and what was read of them. `reading` is called before each of them is read. */
function setUp(maxGroups?: number, reading: (projectId: string) => Promise<void> = async () => undefined) {
  const reads: [projectId: string, revision: number][] = [];
  const readAt = async <Result>(
    projectId: string,
    revisions: readonly number[],
    select: (state: ProjectState, index: number) => Result,
  ): Promise<Result[]> => {
    await reading(projectId);
    return revisions.map((revision, index) => {
      reads.push([projectId, revision]);
      const events = HISTORY.slice(0, revision + 1);
      return select(events.reduce(projectAggregate.evolve, projectAggregate.initial()), index);
    });
  };
  const structures = new ProjectStructures({ readAt }, maxGroups);
  /** The paths of the events that need one, by revision. */
  const pathsOf = async (events: readonly RecordedEvent[]): Promise<Record<number, readonly string[]>> => {
    await structures.prepare(events);
    const paths: Record<number, readonly string[]> = {};
    for (const { streamName, revision } of events) {
      const event = HISTORY[revision]!;
      const structure = structures.after(streamName.slice('project-'.length), revision, event);
      if ('assignments' in event.data) paths[revision] = structure!.pathTo('u');
    }
    return paths;
  };
  return { structures, reads, pathsOf };
}

describe('the structures behind the integration events', () => {
  it('are those each event left, folded without reading a project that is published from its beginning', async () => {
    const { reads, pathsOf } = setUp();
    expect(await pathsOf(recordedIn('p'))).toEqual(PATHS);
    expect(reads).toEqual([]);
  });

  it('are read once, as before the first event, and folded from batch to batch', async () => {
    const { structures, reads, pathsOf } = setUp();
    const events = recordedIn('p', 3);
    const paths: object[] = [];
    for (const event of events) {
      paths.push(await pathsOf([event]));
      structures.keep();
    }
    expect(Object.assign({}, ...paths)).toEqual({ 4: PATHS[4], 6: PATHS[6] });
    expect(reads).toEqual([['p', 2]]);
  });

  it('are not read for events that need none', async () => {
    const { reads, pathsOf } = setUp();
    await pathsOf(recordedIn('p', 7));
    expect(reads).toEqual([]);
  });

  it('are as before when a batch was not published and comes again, in parts', async () => {
    const { structures, reads, pathsOf } = setUp();
    const events = recordedIn('p', 2);
    expect(await pathsOf(events)).toEqual(PATHS);
    structures.undo();
    for (const part of [events.slice(0, 2), events.slice(2)]) {
      expect(PATHS).toMatchObject(await pathsOf(part));
      structures.keep();
    }
    expect(reads).toEqual([['p', 1]]);
  });

  it('are read again when events come that were applied before, as after another process took over', async () => {
    const { structures, reads, pathsOf } = setUp();
    await pathsOf(recordedIn('p', 2));
    structures.keep();
    expect(await pathsOf(recordedIn('p', 2))).toEqual(PATHS);
    expect(reads).toEqual([
      ['p', 1],
      ['p', 1],
    ]);
  });

  it('are not those of a batch that failed, when a project is read after the failure', async () => {
    let answer: () => void = () => undefined;
    const late = new Promise<void>((resolve) => (answer = resolve));
    const readings = [
      () => late,
      () => Promise.reject(new Error('no answer')),
      async () => undefined,
      () => {
        answer();
        return setImmediate();
      },
    ];
    const { structures, pathsOf } = setUp(undefined, async () => readings.shift()?.());
    await expect(pathsOf([...recordedIn('p', 2), ...recordedIn('other', 2)])).rejects.toThrow('no answer');
    expect(await pathsOf(recordedIn('p', 2).slice(0, 3))).toEqual({ 2: PATHS[2], 4: PATHS[4] });
    structures.keep();
    expect(await pathsOf([...recordedIn('p', 5), ...recordedIn('other', 5)])).toEqual({ 6: PATHS[6] });
    expect(readings).toEqual([]);
  });

  it('of the least recently used projects are dropped beyond the limit', async () => {
    const { structures, reads, pathsOf } = setUp(8);
    for (const projectId of ['one', 'two', 'three']) {
      await pathsOf(recordedIn(projectId).slice(2, 3));
      structures.keep();
    }
    reads.splice(0);
    await pathsOf(['three', 'two', 'one'].flatMap((projectId) => recordedIn(projectId).slice(3, 5)));
    expect(reads).toEqual([['one', 2]]);
  });
});
