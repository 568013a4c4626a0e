import type { Binding, Instant, ProjectRefusal, Resource } from '@allotree/domain';

/** The subject of a refused command, and the instant of its decision. */
export interface RefusedCommand {
  readonly projectId: string;
  /** The groups that the command names, the one that would receive something first. */
  readonly groupIds: readonly string[];
  readonly at: Instant;
}

/** The groups that a command names itself, items of a batch aside. */
export function groupsNamed(command: object): readonly string[] {
  const { groupId, toGroupId, fromGroupId } = command as Readonly<Record<string, unknown>>;
  return [groupId, toGroupId, fromGroupId].filter((id) => typeof id === 'string');
}

/** The group that the item of a batch names; none: the batch does not say. */
export function groupsOfItem(command: object, index: number): readonly string[] {
  const { restrictions, items } = command as Readonly<Record<string, readonly object[] | undefined>>;
  const item = (restrictions ?? items)?.[index];
  return item ? groupsNamed(item) : [];
}

/** The limits that a refusal is about; `null`: it concerns no quota. */
function concerned(
  refusal: ProjectRefusal,
): { readonly resource: Resource; readonly binding: Pick<Binding, 'groupId'> | null } | null {
  switch (refusal.code) {
    case 'LIMIT_EXCEEDED':
    case 'LICENSE_EXPIRED':
      return { resource: refusal.resource, binding: refusal.limitedBy };
    // Terms and features are those of all resources, and the first one is limited wherever another one is (R1).
    case 'PERIOD_OUTSIDE_PARENT':
    case 'FEATURE_NOT_AVAILABLE':
      return { resource: 'sip_number', binding: refusal.limitedBy };
    case 'NO_SIP_NUMBER':
      return { resource: 'sip_number', binding: null };
    case 'DESCENDANTS_AFFECTED': {
      const { shortage, suspensions } = refusal;
      return { resource: (shortage ?? suspensions[0])?.resource ?? 'sip_number', binding: shortage?.limitedBy ?? null };
    }
    default:
      return null;
  }
}

/**
 * The path of `GET .../quota/why` that explains a refusal, relative to the API: of a group that the command names, the one whose limit binds if
 * it names several, as of the decision. No link: the refusal concerns no quota.
 */
export function whyLink(
  refusal: ProjectRefusal,
  { projectId, groupIds, at }: RefusedCommand,
): { readonly why?: string } {
  const quota = concerned(refusal);
  if (quota === null) return {};
  const binding = quota.binding?.groupId;
  const group = groupIds.find((id) => id === binding) ?? groupIds[0] ?? binding ?? projectId;
  const asked = new URLSearchParams({ resource: quota.resource, at: new Date(at).toISOString() });
  return { why: `/projects/${projectId}/groups/${group}/quota/why?${asked.toString()}` };
}
