import canonicalize from 'canonicalize';

/** Snapshots keep groups by their place in a list, whose order differs between a fold and a restored state; these name them by id. */

type Rows = readonly (readonly unknown[])[];

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

interface ProjectSnapshot {
  readonly groups: readonly (readonly [id: string, parent: number, type: number, name: string])[];
  readonly restrictions: Rows;
  readonly devices: Rows;
  readonly assignments: Rows;
  readonly memberLimits: Rows;
}

function comparableProject(snapshot: ProjectSnapshot): unknown {
  const ids = snapshot.groups.map(([id]) => id);
  /** @param place of the group in a row */
  const named = (rows: Rows, place: number): string[] =>
    sorted(rows.map((row) => row.map((value, index) => (index === place ? (ids[value as number] ?? null) : value))));
  return {
    ...snapshot,
    groups: named(snapshot.groups, 1),
    restrictions: named(snapshot.restrictions, 0),
    devices: named(snapshot.devices, 1),
    assignments: named(snapshot.assignments, 1),
    memberLimits: named(snapshot.memberLimits, 0),
  };
}

interface TreeSnapshot {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly types: readonly number[];
  readonly groupTypes: readonly string[];
  readonly parents: readonly number[];
  readonly members: readonly unknown[];
  readonly devices: readonly unknown[];
  readonly externalIds: readonly (readonly [place: number, externalId: string])[];
}

/** An id that begins like the one before is kept as `_<rest>`. */
function unpacked(packed: readonly string[]): string[] {
  let prefix = '';
  return packed.map((id) => {
    if (id.startsWith('_')) return prefix + id.slice(1);
    prefix = id.slice(0, id.lastIndexOf('_') + 1);
    return id;
  });
}

function comparableTree({ names, types, parents, ...snapshot }: TreeSnapshot): unknown {
  const ids = unpacked(snapshot.ids);
  return {
    ...snapshot,
    ids: sorted(ids.map((id, place) => [id, names[place], types[place], ids[parents[place]!] ?? null])),
    members: sorted(snapshot.members),
    devices: sorted(snapshot.devices),
    externalIds: sorted(snapshot.externalIds.map(([place, externalId]) => [ids[place], externalId])),
  };
}

/** The groups of a snapshot of a tree, as rows. */
export function groupsOfTree(snapshot: unknown): readonly Readonly<Record<string, unknown>>[] {
  const { names, types, parents, groupTypes, ...rest } = snapshot as TreeSnapshot;
  const ids = unpacked(rest.ids);
  return ids.map((id, place) => ({
    id,
    name: names[place],
    type: groupTypes[types[place]!],
    parent: ids[parents[place]!] ?? null,
  }));
}

interface StockSnapshot {
  readonly below: readonly unknown[];
  readonly packages: readonly unknown[];
  readonly departures: readonly unknown[];
}

const comparableStock = (snapshot: StockSnapshot): unknown => ({
  ...snapshot,
  below: sorted(snapshot.below),
  packages: sorted(snapshot.packages),
  departures: sorted(snapshot.departures),
});

const BY_CATEGORY: Readonly<Record<string, (snapshot: never) => unknown>> = {
  project: comparableProject,
  group_tree: comparableTree,
  partner_stock: comparableStock,
};

/** The same text for the same state, from the state of a snapshot. */
export function comparableState(category: string, snapshot: unknown): string {
  const json: unknown = JSON.parse(JSON.stringify(snapshot));
  return canonicalize(BY_CATEGORY[category]?.(json as never) ?? json) ?? '';
}
