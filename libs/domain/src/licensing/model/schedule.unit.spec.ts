import { describe, expect, it } from '@jest/globals';
import { DraftSchedule, LiveSchedule } from './schedule.js';

const group = (groupId: string) => ({ groupId });

/** Seven instants in an order in which each place of the heap is used. */
const INSTANTS = [40, 20, 60, 10, 30, 70, 50];

function scheduled(): LiveSchedule {
  const schedule = new LiveSchedule();
  for (const at of INSTANTS) schedule.add(at, group(`g${at}`));
  return schedule;
}

describe('a schedule', () => {
  it('has what is due up to an instant, in order of time', () => {
    expect(scheduled().upTo(50)).toStrictEqual([10, 20, 30, 40, 50].map((at) => [at, [group(`g${at}`)]]));
    expect(scheduled().upTo(9)).toStrictEqual([]);
  });

  it('has each group and license once at an instant, in the order in which they were added', () => {
    const schedule = new LiveSchedule();
    for (const key of [group('b'), { licenseId: 'b' }, group('a'), group('b')]) schedule.add(10, key);
    expect(schedule.upTo(10)).toStrictEqual([[10, [group('b'), { licenseId: 'b' }, group('a')]]]);
    expect([...schedule.at(10)]).toStrictEqual([group('b'), { licenseId: 'b' }, group('a')]);
    expect([...schedule.at(11)]).toStrictEqual([]);
  });

  it('forgets what is over, and its next instant is the earliest of the others', () => {
    const schedule = scheduled();
    const next: (number | null)[] = [];
    for (let at = schedule.next(); at !== null; at = schedule.next()) {
      next.push(at);
      schedule.dropUpTo(at);
      expect([...schedule.at(at)]).toStrictEqual([]);
    }
    expect(next).toStrictEqual([10, 20, 30, 40, 50, 60, 70]);
  });

  it('has several instants dropped together', () => {
    const schedule = scheduled();
    schedule.dropUpTo(45);
    schedule.add(55, group('late'));
    expect(schedule.upTo(60)).toStrictEqual([
      [50, [group('g50')]],
      [55, [group('late')]],
      [60, [group('g60')]],
    ]);
  });
});

describe('the schedule of a draft', () => {
  it('shows what is due of the state below, which it leaves unchanged', () => {
    const below = scheduled();
    const draft = new DraftSchedule(below);
    draft.add();
    draft.dropUpTo();
    expect(draft.next()).toBe(10);
    expect([...draft.at(30)]).toStrictEqual([group('g30')]);
    expect(draft.upTo(20)).toStrictEqual(below.upTo(20));
    expect(below.upTo(70)).toStrictEqual(scheduled().upTo(70));
  });
});
