import { describe, expect, it } from '@jest/globals';
import { day, ProjectScenario } from '../project-scenario.harness.js';
import { Recorder, inChunks } from './recorder.js';
import { encodeSnapshot } from './snapshot.js';

const now = day('2026-06-01');
const renamed = (name: string) => ({ groupId: 'a', type: 'custom', name }) as const;

describe('a recorder', () => {
  it('shows every recorded event in its state and leaves the given state unchanged', () => {
    const { state } = new ProjectScenario(now).open().place('a');
    const recorder = new Recorder(state, now);
    recorder.record('GroupChanged', renamed('First'));
    expect(recorder.state.groups.get('a')?.name).toBe('First');
    recorder.record('GroupChanged', renamed('Second'));
    expect(recorder.state.groups.get('a')?.name).toBe('Second');
    expect(recorder.events).toHaveLength(2);
    expect(state.groups.get('a')?.name).toBe('A');
  });

  it('keeps a branched-off state as it was', () => {
    const recorder = new Recorder(new ProjectScenario(now).open().place('a').state, now);
    recorder.record('GroupChanged', renamed('Before'));
    const before = recorder.branch();
    recorder.record('GroupChanged', renamed('After'));
    expect(encodeSnapshot(recorder.state).groups.at(-1)).toContain('After');
    expect(encodeSnapshot(before).groups.at(-1)).toContain('Before');
  });

  it('dates events with the instant it has advanced to', () => {
    const recorder = new Recorder(new ProjectScenario(now).open().place('a').state, now);
    recorder.record('GroupChanged', renamed('Today'));
    recorder.advanceTo(now + 1);
    recorder.record('GroupChanged', renamed('Later'));
    expect(recorder.events.map(({ at }) => at)).toEqual([now, now + 1]);
  });

  it('catches up in slices, with a pause before the first event and after every 256', () => {
    const recorder = new Recorder(new ProjectScenario(now).open().place('a').state, now);
    for (let index = 1; index <= 600; index++) recorder.record('GroupChanged', renamed(`Name ${index}`));
    expect([...recorder.catchUp()]).toHaveLength(3);
    expect([...recorder.catchUp()]).toHaveLength(0);
    expect(recorder.state.groups.get('a')?.name).toBe('Name 600');
  });
});

describe('a long list', () => {
  it('is recorded as several events of at most 1,000 items, in their order', () => {
    const items = Array.from({ length: 2_500 }, (_, index) => index);
    const chunks = inChunks(items);
    expect(chunks.map(({ length }) => length)).toStrictEqual([1_000, 1_000, 500]);
    expect(chunks.flat()).toStrictEqual(items);
  });
});
