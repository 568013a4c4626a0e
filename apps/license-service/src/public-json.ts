import type { PartnerStockEvent, ProjectEvent } from '@allotree/domain';
import { isoInstants } from '@allotree/http';

/** Names under which events, refusals and views carry instants. */
const INSTANTS = new Set([
  'at',
  'validFrom',
  'validUntil',
  'packageValidUntil',
  'assignedAt',
  'lastRecorded',
  'from',
  'until',
  'effectiveFrom',
  'peakAt',
]);

/** A view or event as others read it: every instant an ISO 8601 UTC string, every integral decimal, the rest as it is. */
export const publicJson = (value: unknown): unknown => isoInstants(value, INSTANTS);

export const publicObject = (value: object): Record<string, unknown> => publicJson(value) as Record<string, unknown>;

/** An event as `?dryRun` shows it. */
export const publicEvent = ({ type, at, data }: ProjectEvent | PartnerStockEvent): object => ({
  type,
  at: new Date(at).toISOString(),
  data: publicJson(data),
});
