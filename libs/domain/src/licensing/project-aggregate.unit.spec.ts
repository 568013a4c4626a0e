import { expect, it } from '@jest/globals';
import { initialState } from './model/state.js';
import { projectAggregate } from './project.aggregate.js';
import { day, ProjectScenario } from './project-scenario.harness.js';

it('a project belongs to the tenant it was opened for, and to none before', () => {
  const { state } = new ProjectScenario(day('2026-06-01')).open();
  const { tenantOf } = projectAggregate;
  expect([tenantOf(initialState()), tenantOf(state)]).toEqual([null, state.totals.project!.tenantId]);
});
