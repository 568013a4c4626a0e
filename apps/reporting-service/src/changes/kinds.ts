import type { ChangeKind, Permission } from '@allotree/contracts';

/** Each kind with the permission to read what it is about. */
export const READABLE_WITH: Readonly<Record<ChangeKind, Permission>> = {
  project: 'projects:read',
  groups: 'groups:read',
  members: 'members:read',
  devices: 'devices:read',
  licensing: 'quotas:read',
};
export const KINDS = Object.keys(READABLE_WITH) as ChangeKind[];

const BY_TYPE: readonly (readonly [RegExp, ChangeKind])[] = [
  [/^allotree\.groups?-/, 'groups'],
  [/^allotree\.member-(added|removed)/, 'members'],
  [/^allotree\.device-/, 'devices'],
  [/^allotree\.(project|billing)-/, 'project'],
];

/** The kind of an event about a project; events of types that are not known here are about the project itself. */
export function kindOf({ source, type }: { readonly source: string; readonly type: string }): ChangeKind {
  const [, kind] = BY_TYPE.find(([pattern]) => pattern.test(type)) ?? [];
  return kind ?? (source === '/license-service' ? 'licensing' : 'project');
}
