import { describe, expect, it } from '@jest/globals';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import { identifyAssignment, identifyLicense } from './external-ids.js';

describe('the holders of external ids', () => {
  it.each(['license', 'assignment'] as const)('have the current external id of each %s and no other', (kind) => {
    const s = new ProjectScenario(day('2026-06-01')).open();
    s.plus(units(10), null, { licenseId: 'x' });
    s.do(s.assignment('p', 'sip_number', { assignmentId: 'x' }));
    const identify = kind === 'license' ? identifyLicense : identifyAssignment;
    const held = ['E1', 'E2', null, null, 'E1'].map((externalId) => {
      identify(s.state, 'x', externalId);
      return [...s.state.externalIds[kind].entries()];
    });
    expect(held).toStrictEqual([[['E1', 'x']], [['E2', 'x']], [], [], [['E1', 'x']]]);
    expect(s.state[`${kind}s`].get('x')?.externalId).toBe('E1');
  });
});
