interface Node {
  readonly partnerId: string;
  readonly parentPartnerId: string | null;
}

/** Each partner after the one it belongs to, with how many are above it; one whose parent is not listed is at the top. */
export function inTreeOrder<Partner extends Node>(
  partners: readonly Partner[],
): readonly { readonly partner: Partner; readonly level: number }[] {
  const listed = new Set(partners.map(({ partnerId }) => partnerId));
  const above = ({ parentPartnerId }: Partner): string | null =>
    parentPartnerId !== null && listed.has(parentPartnerId) ? parentPartnerId : null;
  const placed = (parent: string | null, level: number): { partner: Partner; level: number }[] =>
    partners
      .filter((partner) => above(partner) === parent)
      .flatMap((partner) => [{ partner, level }, ...placed(partner.partnerId, level + 1)]);
  return placed(null, 0);
}
