import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import type { SingleRefusal } from '../model/refusals.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import type { Units } from '../../words.js';
import { checkDeparture, checkRelocation } from './relocation-checks.js';

const START = day('2026-06-01');

/** Everything is unlimited; m, with m1 below it, is to move to building b or to c below it. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('b', 'c under b', 'm', 'm1 under m');
  s.plus(units(null, null, null));
  return s;
}

const moved = (s: ProjectScenario, parentId: string): SingleRefusal | null =>
  checkRelocation(s.state, { groupId: 'm', parentId, now: START });

describe('G3: a group moves to a place that holds what was allotted in it', () => {
  it('with every allotment that has not ended', () => {
    const s = scenario();
    s.restrict('b', units(5));
    s.do(
      s.restriction('m', [
        { units: units(3), validUntil: day('2026-07-01') },
        { units: units(5), validFrom: day('2026-07-01'), validUntil: day('2026-08-01') },
      ]),
    );
    expect(moved(s, 'b')).toBeNull();
    s.restrict('c', units(4));
    expect(moved(s, 'c')).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 5,
      available: 4,
      limitedBy: { groupId: 'c', name: 'C', limit: 4, validUntil: null },
      at: day('2026-07-01'),
    });
  });

  it('whatever exceeds the limit at its old place as well', () => {
    const s = new ProjectScenario(START).open().place('b', 'm');
    s.plus(units(10), null, { licenseId: 'l' });
    s.plus(units(5));
    s.restrict('m', units(12));
    s.do({ type: 'SuspendLicense', now: START, licenseId: 'l', reason: 'Unpaid', authority: VENDOR });
    expect(moved(s, 'b')).toBeNull();
  });

  it('and in the groups below it, which can end later there than it', () => {
    const s = scenario();
    s.restrict('b', units(5), day('2026-09-01')).restrict('m', units(4)).restrict('m1', units(2), day('2026-11-01'));
    expect(moved(s, 'b')).toEqual({
      code: 'DESCENDANTS_AFFECTED',
      groups: [{ groupId: 'm1', name: 'M1' }],
      suspensions: [],
    });
  });

  it('R4: and whose reserved pool is left enough for the groups in it', () => {
    const s = scenario();
    s.restrict('b', units(5), null, { poolMode: 'reserved' }).restrict('c', units(3));
    s.assign('m1', 'sip_number', 2);
    expect(moved(s, 'b')).toBeNull();
    s.assign('m1');
    expect(moved(s, 'b')).toEqual({
      code: 'DESCENDANTS_AFFECTED',
      groups: [{ groupId: 'c', name: 'C' }],
      suspensions: [],
    });
  });
});

describe('G3: a group moves to a place that holds what is used in it', () => {
  const short = (resource: string, requested: number, available: number, groupId: string, limit: number) => ({
    resource,
    requested,
    available,
    limitedBy: { groupId, name: groupId.toUpperCase(), limit, validUntil: null },
  });

  it.each<[string, { b: Units; c: Units; atB?: number; atC?: number; keys?: number }, object]>([
    ['beside what is used there', { b: units(10), c: units(5), atC: 2 }, short('sip_number', 4, 3, 'c', 5)],
    ['the least room', { b: units(6), c: units(3), atB: 4 }, short('sip_number', 4, 2, 'b', 6)],
    ['the nearest where it is equal', { b: units(5), c: units(3), atB: 2 }, short('sip_number', 4, 3, 'c', 3)],
    ['no unlimited resource', { b: units(null, 0, 9), c: units(null, 0, 1), keys: 2 }, short('ukey2', 2, 1, 'c', 1)],
    ['no resource that is just full', { b: units(9, 0, 9), c: units(4, 0, 5), keys: 6 }, short('ukey2', 6, 5, 'c', 5)],
  ])('and the refusal names the limit that is short: %s', (_what, { b, c, atB = 0, atC = 0, keys = 0 }, shortage) => {
    const s = scenario();
    s.restrict('b', b).restrict('c', c);
    s.assign('b', 'sip_number', atB);
    s.assign('c', 'sip_number', atC);
    s.assign('m', 'sip_number', 4);
    s.assign('m', 'ukey2', keys);
    expect(moved(s, 'c')).toMatchObject({ code: 'DESCENDANTS_AFFECTED', groups: [] });
    expect(moved(s, 'c')).toHaveProperty('shortage', shortage);
  });
});

describe('G3, L4: a group leaves for another project', () => {
  it('without units assigned or allotted in it or below it', () => {
    const s = scenario();
    const inUse = { code: 'NOT_TRANSFERABLE', groupId: 'm', reason: 'units are assigned in the group or below it' };
    const [number = ''] = s.assign('m1');
    expect(checkDeparture(s.state, 'm', START)).toEqual(inUse);
    s.release('m1', number);
    s.restrict('m', units(1));
    expect(checkDeparture(s.state, 'm', START)).toEqual({
      ...inUse,
      reason: 'units are allotted in the group or below it',
    });
    expect(checkDeparture(s.state, 'm1', START)).toBeNull();
  });
});
