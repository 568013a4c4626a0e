import type { Permission } from '@allotree/contracts';
import type { CurrentGroup, CurrentProject } from '@allotree/project-file';

type Permissions = ReadonlySet<Permission> | null;

/** The permissions of a caller at each group of a project. */
export class Access {
  private readonly byId: ReadonlyMap<string, CurrentGroup>;
  private readonly known = new Map<string, Permissions>();

  /** @param permissionsAt of the ids from a group up to the root */
  constructor(
    groups: readonly CurrentGroup[],
    private readonly permissionsAt: (path: readonly string[]) => Permissions,
  ) {
    this.byId = new Map(groups.map((group) => [group.groupId, group]));
  }

  has(permission: Permission, groupId: string): boolean {
    return this.at(groupId)?.has(permission) === true;
  }

  /** `null`: the group is outside the caller's memberships, or there is none. */
  at(groupId: string): Permissions {
    const known = this.known.get(groupId);
    if (known !== undefined) return known;
    const path = this.pathOf(groupId);
    const permissions = path.length === 0 ? null : this.permissionsAt(path);
    this.known.set(groupId, permissions);
    return permissions;
  }

  pathOf(groupId: string): string[] {
    const path: string[] = [];
    for (let group = this.byId.get(groupId); group; group = this.byId.get(group.parentId ?? ''))
      path.push(group.groupId);
    return path;
  }
}

/** A project as a caller sees it: groups that the caller can see and those above them, with what may be read there. */
export function visibleProject(project: CurrentProject, access: Access): CurrentProject {
  const visible = new Set(
    project.groups.flatMap(({ groupId }) => (access.has('groups:read', groupId) ? access.pathOf(groupId) : [])),
  );
  const sees = (permission: Permission) => (thing: { readonly groupId: string }) =>
    access.has(permission, thing.groupId);
  return {
    ...project,
    groups: project.groups.filter(({ groupId }) => visible.has(groupId)),
    devices: project.devices.filter(sees('devices:read')),
    restrictions: project.restrictions.filter(sees('restrictions:read')),
    assignments: project.assignments.filter(sees('assignments:read')),
  };
}
