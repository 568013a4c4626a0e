import type { Permission } from '@allotree/contracts';
import { PAUSE_EVERY, type Slices } from '@allotree/domain';
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
export function* visibleProject(project: CurrentProject, access: Access): Slices<CurrentProject> {
  const visible = new Set<string>();
  for (const [place, { groupId }] of project.groups.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    if (access.has('groups:read', groupId)) for (const id of access.pathOf(groupId)) visible.add(id);
  }
  const groups = project.groups.filter(({ groupId }) => visible.has(groupId));
  const devices = yield* seen(project.devices, access, 'devices:read');
  const restrictions = yield* seen(project.restrictions, access, 'restrictions:read');
  const assignments = yield* seen(project.assignments, access, 'assignments:read');
  return { ...project, groups, devices, restrictions, assignments };
}

function* seen<Thing extends { readonly groupId: string }>(
  things: readonly Thing[],
  access: Access,
  permission: Permission,
): Slices<Thing[]> {
  const found: Thing[] = [];
  for (const [place, thing] of things.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    if (access.has(permission, thing.groupId)) found.push(thing);
  }
  return found;
}
