/**
 * A copy of a value with the instants under these names as ISO 8601 UTC strings, and every `bigint` as decimal text, which JSON has no
 * exact number for. The rest is unchanged.
 */
export function isoInstants(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => isoInstants(item, names));
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === 'number' && names.has(key) ? new Date(inner).toISOString() : isoInstants(inner, names),
    ]),
  );
}
