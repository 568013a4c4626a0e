import { describe, expect, it } from '@jest/globals';
import { atOnce } from '@allotree/domain';
import { modelRuns } from '@allotree/domain/model-runs';
import fc from 'fast-check';
import { parseFile } from './parse-file.js';
import { ProjectFile } from './project-file.js';

/** A value of the form, or something else. */
const mostly = <Value>(form: fc.Arbitrary<Value>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 1_000, arbitrary: form as fc.Arbitrary<unknown> }, fc.constantFrom(null, 7, '', 'x', [], {}, [1]));
/** Sometimes with something that a file does not have. */
const withUnknown = <Value extends object>(form: fc.Arbitrary<Value>, unknown: object): fc.Arbitrary<object> =>
  fc.oneof({ weight: 50, arbitrary: form }, { weight: 1, arbitrary: form.map((value) => ({ ...value, ...unknown })) });
const name = mostly(fc.constantFrom('A', ' Building  B ', 'Größe', 'C / D'));
const restriction = mostly(
  fc.record(
    {
      poolMode: mostly(fc.constantFrom('shared', 'reserved')),
      allotments: mostly(fc.array(fc.record({ units: mostly(fc.record({ sip_number: mostly(fc.nat(9)) })) }))),
    },
    { requiredKeys: ['allotments'] },
  ),
);
const { groups } = fc.letrec((tie) => ({
  group: mostly(
    withUnknown(
      fc.record(
        {
          name,
          type: mostly(fc.constantFrom('building', 'unit')),
          key: mostly(fc.constantFrom('E1', 'E2')),
          restriction,
          groups: tie('groups'),
        },
        { requiredKeys: ['name', 'type'] },
      ),
      { color: 'red' },
    ),
  ),
  groups: mostly(fc.array(tie('group'), { maxLength: 3, depthIdentifier: 'groups' })),
}));
const device = mostly(fc.record({ group: name, serialNumber: name, model: name }));
const assignment = mostly(
  fc.record(
    { group: name, resource: mostly(fc.constant('sip_number')), count: mostly(fc.nat(3)), label: name },
    { requiredKeys: ['group', 'resource'] },
  ),
);
const content = mostly(
  withUnknown(
    fc.record(
      {
        title: name,
        project: mostly(fc.record({ name, restriction, groups }, { requiredKeys: ['name'] })),
        devices: mostly(fc.array(device, { maxLength: 3 })),
        assignments: mostly(fc.array(assignment, { maxLength: 3 })),
      },
      { requiredKeys: ['project'] },
    ),
    { floors: 1 },
  ),
);

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}
const shown = (issues: readonly Issue[]): string[] =>
  issues.map(({ path, message }) => `${path.join('.')} ${message}`).sort();

describe('the content of a project file, parsed item by item', () => {
  it('is what its schema makes of it as a whole, with the same mistakes', () => {
    let accepted = 0;
    fc.assert(
      fc.property(content, (value) => {
        const whole = ProjectFile.safeParse(value);
        const parsed = atOnce(parseFile(value));
        if (whole.success) accepted += 1;
        expect(parsed.ok ? parsed.file : shown(parsed.issues)).toEqual(whole.data ?? shown(whole.error!.issues));
      }),
      modelRuns(500),
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it('is not followed down without end', () => {
    let deep: object = { name: 'A', type: 'unit' };
    for (let depth = 0; depth < 5_000; depth += 1) deep = { name: 'A', type: 'unit', groups: [deep] };
    const parsed = atOnce(parseFile({ project: { name: 'P', groups: [deep] } }));
    expect(parsed.ok ? [] : parsed.issues.map(({ message }) => message)).toEqual(['groups go at most 32 levels deep']);
  });
});
