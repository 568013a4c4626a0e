import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ProjectFileError, readProjectFile } from './read-project-file.js';

const examples = resolve(import.meta.dirname, '../../../examples');
const example = (file: string): string => readFileSync(resolve(examples, file), 'utf8');

const mistakesIn = (text: string): string[] => {
  try {
    readProjectFile('project.yaml', text);
    return [];
  } catch (error) {
    if (!(error instanceof ProjectFileError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^(project\.yaml:\d+):\d+/, '$1'));
  }
};

const small = `title: Small
partners:
  - name: Nordlicht
    kind: distributor
    administrator: { name: Ada, email: ada@nordlicht.example }
    packages:
      - { name: Plus, units: { sip_number: 10 } }
project:
  name: Hafenblick
  partner: Nordlicht
  licenses:
    - { from: Nordlicht, package: Plus, units: { sip_number: 5 } }
  groups:
    - name: Building A
      type: building
      restriction:
        allotments:
          - units: { sip_number: 5, mobile_app: 4 }
devices:
  - { group: Building A, serialNumber: S1, model: M }
`;

describe('the examples', () => {
  it.each(['hafenblick.yaml', 'house.yaml', 'complex.yaml'])('%s has no mistake', (file) => {
    expect(mistakesIn(example(file))).toEqual([]);
  });
});

describe('a project file', () => {
  it('is read with everything it leaves to defaults', () => {
    const file = readProjectFile('project.yaml', small);
    expect(file.project.groups[0]?.restriction).toEqual({
      poolMode: 'shared',
      gracePeriodDays: 0,
      reminder: null,
      allotments: [{ type: 'plus', units: { sip_number: 5, mobile_app: 4, ukey2: 0 }, features: [] }],
    });
  });

  const table: [what: string, from: string, to: string, mistakes: string[]][] = [
    [
      'an unknown key',
      'type: building',
      'typ: building',
      ['project.yaml:15: project.groups[0].typ: is not known here'],
    ],
    ['a wrong value', 'kind: distributor', 'kind: shop', ['project.yaml:4: partners[0].kind: Invalid option']],
    [
      'a negative limit',
      'sip_number: 5, mobile_app: 4',
      'sip_number: -1',
      ['project.yaml:18: project.groups[0].restriction.allotments[0].units.sip_number: Too small'],
    ],
    [
      'a fraction',
      'sip_number: 5, mobile_app: 4',
      'sip_number: 1.5',
      ['project.yaml:18: project.groups[0].restriction.allotments[0].units.sip_number: Invalid input'],
    ],
    [
      'more apps than numbers',
      'mobile_app: 4',
      'mobile_app: 6',
      [
        'project.yaml:18: project.groups[0].restriction.allotments[0].units: must have at least as many sip_number as mobile_app',
      ],
    ],
    [
      'a partner that is not there',
      'partner: Nordlicht',
      'partner: Sundwerk',
      ['project.yaml:10: project.partner: there is no partner "Sundwerk" in this file'],
    ],
    [
      'a package that is not there',
      'package: Plus',
      'package: Minus',
      ['project.yaml:12: project.licenses[0].package: there is no package of Nordlicht "Minus" in this file'],
    ],
    [
      'a group that is not there',
      'group: Building A',
      'group: Building A / Unit 1',
      ['project.yaml:20: devices[0].group: there is no group "Building A / Unit 1" in this file'],
    ],
    [
      'a date that does not exist',
      '{ sip_number: 10 }',
      '{ sip_number: 10 }, validUntil: 2026-02-31',
      ['project.yaml:7: partners[0].packages[0].validUntil: must be a date'],
    ],
    [
      'a duration that is none',
      '{ sip_number: 10 }',
      '{ sip_number: 10 }, validUntil: P6X',
      ['project.yaml:7: partners[0].packages[0].validUntil: must be a date'],
    ],
    [
      'an external id that is too long',
      'model: M',
      `model: M, externalId: ${'x'.repeat(129)}`,
      ['project.yaml:20: devices[0].externalId: Too big'],
    ],
    [
      'one external id for two devices',
      '  - { group: Building A, serialNumber: S1, model: M }',
      '  - { group: Building A, serialNumber: S1, model: M, externalId: E }\n  - { group: Building A, serialNumber: S2, model: M, externalId: E }',
      ['project.yaml:21: devices[1].externalId: "E" is named twice'],
    ],
    [
      'one external id for two groups',
      '      type: building',
      '      type: building\n      key: E\n      groups: [{ name: B, type: unit, key: E }]',
      ['project.yaml:17: project.groups[0].groups[0].key: "E" is named twice'],
    ],
    ['broken YAML', 'title: Small', 'title: [Small', ['project.yaml:2: Flow sequence']],
  ];

  it.each(table)('with %s says so, with line and path', (_what, from, to, mistakes) => {
    const found = mistakesIn(small.replace(from, to));
    expect(found.length).toBeGreaterThanOrEqual(mistakes.length);
    mistakes.forEach((mistake) => expect(found).toContainEqual(expect.stringContaining(mistake)));
  });

  it('with terms the wrong way round says so', () => {
    const reversed = small.replace(
      'mobile_app: 4 }',
      'mobile_app: 4 }\n            validFrom: 2026-07-01\n            validUntil: 2026-06-01',
    );
    expect(mistakesIn(reversed)).toEqual([
      'project.yaml:20: project.groups[0].restriction.allotments[0].validUntil: ends before it starts',
    ]);
  });

  it('reports all its mistakes at once', () => {
    expect(
      mistakesIn(small.replace('kind: distributor', 'kind: shop').replace('type: building', 'type: barn')),
    ).toHaveLength(2);
  });
});
