import { decide } from './commands/decide.js';
import { projectCodec } from './model/codec.js';
import { evolve } from './model/evolve.js';
import { settingOf, settingsOf } from './model/settings.js';
import { PROJECT_SNAPSHOT_VERSION, decodeSnapshot, encodeSnapshot, sizeOfState } from './model/snapshot.js';
import { initialState, type ProjectState } from './model/state.js';

/**
 * The licensing of one project: its tree, licenses, restrictions and assignments in one stream, `project-<id>`, so that
 * the rules that span groups are exact. The command runtime runs it; all of it is pure.
 */
export const projectAggregate = {
  category: 'project',
  initial: initialState,
  evolve,
  decide,
  eventTypes: projectCodec.types,
  encode: projectCodec.encode,
  decode: projectCodec.decode,
  tenantOf: (state: ProjectState): string | null => state.totals.project?.tenantId ?? null,
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
