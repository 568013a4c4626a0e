import { deriveId, eventIdOf } from '@allotree/event-sourcing';
import type { LoggedEvent } from './event-log.js';

/**
 * The id of an event is derived from its command, revision, type and data, so that it shows a change in any of them, and from whether more
 * events of the command follow. Version 0.2.0 and earlier derived it from the command and the revision: it does not show a change of the data
 * (`partial`).
 */
export function sealOf({ metadata, revision, type, json }: LoggedEvent): 'whole' | 'partial' | 'broken' {
  const { commandId, eventId } = metadata;
  const isWhole = [true, false].some((isLast) => eventIdOf({ commandId, revision, type, json, isLast }) === eventId);
  if (isWhole) return 'whole';
  return deriveId(commandId, revision) === eventId ? 'partial' : 'broken';
}
