import type { PartnerStockEvent, ProjectEvent } from '@allotree/domain';

/** Names under which events, refusals and views carry instants. */
const INSTANTS = new Set(['at', 'validFrom', 'validUntil', 'packageValidUntil', 'assignedAt']);

/** A view or event as others read it: every instant an ISO 8601 UTC string, the rest as it is. */
export function publicJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(publicJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === 'number' && INSTANTS.has(key) ? new Date(inner).toISOString() : publicJson(inner),
    ]),
  );
}

export const publicObject = (value: object): Record<string, unknown> => publicJson(value) as Record<string, unknown>;

/** An event as `?dryRun` shows it. */
export const publicEvent = ({ type, at, data }: ProjectEvent | PartnerStockEvent): object => ({
  type,
  at: new Date(at).toISOString(),
  data: publicJson(data),
});
