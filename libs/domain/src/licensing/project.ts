import { decodeProjectEvent, encodeProjectEvent } from './codec.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { settingOf, settingsOf } from './settings.js';
import { PROJECT_SNAPSHOT_VERSION, decodeSnapshot, encodeSnapshot, sizeOfState } from './snapshot.js';
import { initialState, type ProjectState } from './state.js';

/**
 * The licensing of one project: its tree, licenses, restrictions and assignments in one stream, `project-<id>`, so that
 * the rules that span groups are exact. The command runtime runs it; all of it is pure.
 */
export const projectAggregate = {
  category: 'project',
  initial: initialState,
  evolve,
  decide,
  encode: encodeProjectEvent,
  decode: decodeProjectEvent,
  tenantOf: (state: ProjectState): string | null => state.whole.project?.tenantId ?? null,
  settingsOf,
  settingOf,
  snapshot: {
    version: PROJECT_SNAPSHOT_VERSION,
    every: 1_000,
    encode: encodeSnapshot as (state: ProjectState) => unknown,
    decode: decodeSnapshot,
    sizeOf: sizeOfState,
  },
};
