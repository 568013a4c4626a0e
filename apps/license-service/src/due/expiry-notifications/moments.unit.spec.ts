import { describe, expect, it } from '@jest/globals';
import { projectAggregate, type AssignmentRef, type ProjectEvent } from '@allotree/domain';
import type { NewEvent, RecordedEvent } from '@allotree/event-sourcing';
import { InMemoryEventStore } from '@allotree/testing/in-memory-event-store';
import { newEvent } from '@allotree/testing/event-store-contract';
import { momentsOf } from './moments.js';

const ref = (n: number): AssignmentRef => ({ assignmentId: `s${n}`, groupId: 'a', resource: 'sip_number' });
const ended = (at: number, ...groups: string[]): ProjectEvent => ({
  type: 'AllotmentsEnded',
  at,
  data: { allotments: groups.map((groupId) => ({ groupId, allotmentId: groupId })) },
});
const suspended = (at: number, ...refs: number[]): ProjectEvent => ({
  type: 'AssignmentsSuspended',
  at,
  data: { assignments: refs.map(ref) },
});
const renamed = (at: number): ProjectEvent => ({
  type: 'GroupChanged',
  at,
  data: { groupId: 'a', type: 'building', name: 'A' },
});

async function recorded(commands: Readonly<Record<string, readonly ProjectEvent[]>>, stream = 'project-p') {
  const store = new InMemoryEventStore();
  let revision = -1;
  for (const [commandId, events] of Object.entries(commands)) {
    const appended: NewEvent[] = events.map((event) => {
      const { type, data } = projectAggregate.encode(event);
      return newEvent(type, data, { commandId });
    });
    await store.append([{ streamName: stream, expectedRevision: revision, events: appended }]);
    revision += appended.length;
  }
  const all: RecordedEvent[] = [];
  for await (const event of store.readStream(stream)) all.push(event);
  return { store, all };
}

const summary = (moments: Awaited<ReturnType<typeof momentsOf>>) =>
  moments.map(({ at, revision, events }) => ({ at, revision, types: events.map(({ type }) => type) }));

describe('the moments of a run of events', () => {
  it('are what one command did at one instant, where something of interest is among it', async () => {
    const { store, all } = await recorded({
      first: [ended(10, 'a'), suspended(10, 1), ended(20, 'b')],
      second: [ended(20, 'c'), renamed(30)],
      third: [renamed(30)],
    });
    expect(summary(await momentsOf(all, store))).toEqual([
      { at: 10, revision: 1, types: ['AllotmentsEnded', 'AssignmentsSuspended'] },
      { at: 20, revision: 2, types: ['AllotmentsEnded'] },
      { at: 20, revision: 3, types: ['AllotmentsEnded'] },
    ]);
  });

  it('are read to their end where the run ends in the middle of one', async () => {
    const { store, all } = await recorded({
      first: [ended(10, 'a'), ended(10, 'b'), suspended(10, 1, 2), suspended(10, 3)],
    });
    const whole = { at: 10, revision: 3 };
    expect(summary(await momentsOf(all.slice(0, 1), store))).toMatchObject([whole]);
    expect(summary(await momentsOf(all.slice(1, 2), store))).toMatchObject([
      { ...whole, types: ['AllotmentsEnded', 'AssignmentsSuspended', 'AssignmentsSuspended'] },
    ]);
    // The remainder of a moment is not returned on its own.
    expect(await momentsOf(all.slice(2), store)).toEqual([]);
  });

  it('are those of each project', async () => {
    const { store, all } = await recorded({ first: [ended(10, 'a')] });
    const other = all.map((event) => ({ ...event, streamName: 'project-q' }));
    const moments = await momentsOf([...all, ...other], store);
    expect(moments.map(({ projectId }) => projectId)).toEqual(['p', 'q']);
  });
});
