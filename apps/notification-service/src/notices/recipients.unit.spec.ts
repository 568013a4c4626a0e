import { describe, expect, it } from '@jest/globals';
import { placeOf, recipientsOf, type GroupPath, type Member } from './recipients.js';

const person = (name: string, role = 'site_administrator'): Member => ({ email: `${name}@x.example`, name, role });
const group = (name: string, ...members: Member[]) => ({ name, removed: false, members });
const path = (...groups: ReturnType<typeof group>[]): GroupPath => ({
  groups,
  partners: [
    { email: 'dealer@x.example', name: 'dealer' },
    { email: 'distributor@x.example', name: 'distributor' },
  ],
});
const names = (given: GroupPath, wanted: 'administrators' | 'members' = 'administrators') =>
  recipientsOf(given, wanted).map(({ name }) => name);

describe('recipients (E3)', () => {
  it('are the administrators of the group alone', () => {
    expect(
      names(path(group('unit', person('u'), person('v'), person('w', 'user')), group('root', person('r')))),
    ).toEqual(['u', 'v']);
  });

  it('are those of the nearest group above that has one', () => {
    const root = group('root', person('r', 'company_administrator'));
    expect(names(path(group('unit', person('w', 'user')), group('building', person('b')), root))).toEqual(['b']);
    expect(names(path(group('unit'), group('building'), root))).toEqual(['r']);
  });

  it('are the administrators of the partner, the nearest first, if no group up to the root has any', () => {
    expect(names(path(group('unit', person('c', 'concierge')), group('root')))).toEqual(['dealer']);
    expect(names({ groups: [group('root')], partners: [] })).toEqual([]);
  });

  it('are with "members" the members of the group too, of that group alone, nobody twice', () => {
    const given = path(
      group('unit', person('w', 'user'), person('c', 'concierge')),
      group('root', person('r'), person('x', 'user')),
    );
    expect(names(given, 'members')).toEqual(['r', 'w', 'c']);
    const same = { email: 'R@X.example', name: 'r as a resident', role: 'user' };
    expect(names(path(group('unit', same), group('root', person('r'))), 'members')).toEqual(['r']);
    expect(names({ groups: [group('unit', person('w', 'user'))], partners: [] }, 'members')).toEqual(['w']);
  });
});

describe('the place of a group', () => {
  it('is given from the project down, without the project', () => {
    expect(placeOf(path(group('Unit 1'), group('Building A'), group('Hafenblick')))).toBe('Building A › Unit 1');
    expect(placeOf(path(group('Hafenblick')))).toBe('Hafenblick');
  });
});
