import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { groupTreeAggregate, type TreeCommand, type TreeEvent } from './hierarchy/index.js';
import { hasUnseenCharacters, isSameName, nameKey, serialKey, tidyName } from './names.js';

describe('a name', () => {
  it('is kept as typed in NFC, trimmed, with runs of white space made one', () => {
    expect(tidyName('  Cafe\u0301 \u00a0\u3000 am  Hafen\t')).toBe('Caf\u00e9 am Hafen');
    expect(tidyName('Ｈaus ﬁ')).toBe('Ｈaus ﬁ');
  });

  it.each([
    ['case', 'Haus A', 'hAUS a'],
    ['white space', 'Haus A', ' Haus \u00a0 A '],
    ['spaces and case', 'Haus A', '  hAUS   a'],
    ['composed and decomposed letters', 'Caf\u00e9', 'Cafe\u0301'],
    ['compatible letters', 'Ｈaus ①', 'Haus 1'],
    ['sharp s', 'Straße', 'STRASSE'],
    ['the capital sharp s', 'STRAẞE', 'strasse'],
    ['a ligature', 'ﬁliale', 'FILIALE'],
    ['the final sigma', 'ΟΔΟΣ', 'οδος'],
    ['the form of a sigma', 'οδοσ', 'οδος'],
    ['a joiner', 'می\u200cخواهم', 'میخواهم'],
    ['a stored invisible character', 'Haus\u200b A', 'Haus A'],
  ])('is the same whatever its %s', (_, one, other) => {
    expect(nameKey(one)).toBe(nameKey(other));
  });

  it('is another with another letter', () => {
    expect(nameKey('Kapı')).not.toBe(nameKey('Kapi'));
    expect(nameKey('Cafe')).not.toBe(nameKey('Café'));
    expect(nameKey('ΟΔΟΣ')).not.toBe(nameKey('ΟΔΟ'));
    expect(nameKey('Наus')).not.toBe(nameKey('Haus'));
  });

  it('is equal to another by its key', () => {
    expect([isSameName(' Straße', 'STRASSE'), isSameName('Haus A', 'Haus B')]).toEqual([true, false]);
  });

  it('has a key that is its own key', () => {
    for (const name of ['Straße ΟΔΟΣ', 'İstanbul', 'ᾳ ͅ', '\u00a8x', 'Ǆ ﬃ', 'ꭰ Ꭰ']) {
      expect(nameKey(nameKey(name))).toBe(nameKey(name));
    }
  });

  it.each([
    ['a zero-width space', 'Haus\u200bA'],
    ['a joiner between Latin letters', 'Ha\u200dus'],
    ['a non-joiner between Latin letters', 'Ha\u200cus'],
    ['a bidirectional override', 'Haus\u202eA'],
    ['a bidirectional isolate', 'Haus\u2066A'],
    ['a byte order mark', '\ufeffHaus'],
    ['a soft hyphen', 'Haus\u00adA'],
    ['a Hangul filler', '\u3164'],
    ['a tag', 'Haus\u{e0041}'],
    ['a variation selector after a letter', 'A\ufe0f'],
    ['private use', 'Haus\ue000'],
    ['an unassigned character', 'Haus\u0378'],
    ['a line separator', 'Haus\u2028A'],
    ['half of a pair', 'Haus\ud83d'],
    ['a joiner after an emoji that joins nothing', '👩\u200d'],
  ])('has unseen characters with %s', (_, name) => {
    expect(hasUnseenCharacters(name)).toBe(true);
  });

  it.each([
    'Haus A',
    'Łódź',
    'می\u200cخواهم',
    'क्\u200dष',
    'ශ්\u200dරී',
    '👩🏽\u200d🚒 Wache',
    '❤️',
    '1️⃣',
    '🇩🇪',
    '葛\u{e0100}城',
    '日本',
  ])('keeps what scripts and emoji need: %s', (name) => {
    expect(hasUnseenCharacters(name)).toBe(false);
  });
});

describe('a serial number', () => {
  it('is the same without case and separators', () => {
    for (const one of ['AA-12CD:00.17', 'aa12cd0017', 'aa 12 cd 00 17', 'ＡＡ–12CD0017']) {
      expect(serialKey(one)).toBe('AA12CD0017');
    }
    expect(serialKey('AA_12')).not.toBe(serialKey('AA12'));
  });
});

describe('names and serial numbers in a tree (G1, L2)', () => {
  const projectId = 'p';
  const facts = {
    projectId,
    tenantId: 't',
    partnerId: 'd',
    timeZone: 'UTC',
    billingMode: 'prepaid',
    trial: false,
  } as const;
  const created: TreeEvent = { type: 'ProjectCreated', data: { ...facts, name: 'Hafenblick' } };
  const placed = (groupId: string, name: string): TreeEvent => ({
    type: 'GroupCreated',
    data: { groupId, parentId: projectId, type: 'building', name },
  });
  const create = (groupId: string, name: string): TreeCommand => ({
    type: 'CreateGroup',
    projectId,
    groupId,
    parentId: projectId,
    groupType: 'building',
    name,
  });
  const taken = (name: string) => ({ code: 'NAME_TAKEN', parentId: projectId, names: [name], count: 1 }) as const;

  it('refuses the name of a sibling in other letters', () => {
    given(groupTreeAggregate, [created, placed('a', 'Straße')])
      .when(create('b', 'STRASSE'))
      .then(taken('Straße'));
    given(groupTreeAggregate, [created, placed('a', 'Caf\u00e9')])
      .when(create('b', 'Cafe\u0301'))
      .then(taken('Caf\u00e9'));
  });

  it('refuses a name with characters that cannot be seen', () => {
    given(groupTreeAggregate, [created])
      .when(create('b', 'Haus\u200b A'))
      .then({ code: 'VALIDATION', field: 'name', message: 'must not contain characters that cannot be seen' });
  });

  it('records a name tidied', () => {
    given(groupTreeAggregate, [created])
      .when(create('b', ' Haus \u00a0 A '))
      .then([placed('b', 'Haus A')]);
  });

  it('keeps siblings that were named alike before, and either name taken while one of them is there', () => {
    const both = [created, placed('a', 'Straße'), placed('b', 'STRASSE')];
    const removed = (groupId: string): TreeEvent => ({ type: 'SubtreeRemoved', data: { groupId } }) as TreeEvent;
    given(groupTreeAggregate, both).when(create('c', 'strasse')).then(taken('Straße'));
    given(groupTreeAggregate, [...both, removed('a')])
      .when(create('c', 'strasse'))
      .then(taken('STRASSE'));
    given(groupTreeAggregate, [...both, removed('b')])
      .when(create('c', 'strasse'))
      .then(taken('Straße'));
    given(groupTreeAggregate, [...both, removed('a'), removed('b')])
      .when(create('c', 'strasse'))
      .then([placed('c', 'strasse')]);
  });

  const device = { serialNumber: 'AA-12CD:17', groupId: 'a', model: 'AA', claimId: 'c1' };
  const added: TreeEvent = { type: 'DeviceAdded', data: device };
  const withDevice = [created, placed('a', 'A'), placed('b', 'B'), added];

  it('knows a device by its serial number in another case and without separators', () => {
    const again = { type: 'AddDevice', projectId, ...device, serialNumber: 'aa12cd17', claimId: 'c2' } as const;
    given(groupTreeAggregate, withDevice).when(again).then([]);
    given(groupTreeAggregate, withDevice)
      .when({ ...again, groupId: 'b' })
      .then({ code: 'DEVICE_ELSEWHERE', serialNumber: 'aa12cd17', groupId: 'a' });
    given(groupTreeAggregate, withDevice)
      .when({ type: 'RemoveDevice', projectId, groupId: 'a', serialNumber: 'aa12cd17' })
      .then([{ type: 'DeviceRemoved', data: device }]);
  });
});
