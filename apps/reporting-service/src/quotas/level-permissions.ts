import { Injectable } from '@nestjs/common';
import { seesNeighbors, type Permission } from '@allotree/contracts';
import { PermissionChecker } from '@allotree/identity';
import type { Caller } from '@allotree/http';

/** What a caller sees of a level of a path. */
export interface Sight {
  readonly use: boolean;
  readonly terms: boolean;
  readonly assignments: boolean;
  readonly history: boolean;
}

/** A permission at a group above another one is not implied by that at the group. */
@Injectable()
export class LevelPermissions {
  constructor(private readonly permissionChecker: PermissionChecker) {}

  /** What the caller sees of each group of some paths, and of the project. @param paths each the ids from the group up to the root */
  async sightOf(
    { principal }: Caller,
    { projectId, groupId }: { readonly projectId: string; readonly groupId: string },
    paths: readonly (readonly string[])[],
  ): Promise<(level: string | null) => Sight> {
    const permissionsAt = await this.permissionChecker.permissionsIn(principal, projectId);
    const held = new Map<string, ReadonlySet<Permission>>(
      paths.flatMap((path) =>
        path.map((id, index) => [id, permissionsAt(path.slice(index)) ?? new Set<Permission>()] as const),
      ),
    );
    return (level) => {
      const permissions = held.get(level ?? projectId) ?? new Set<Permission>();
      return {
        use: level === groupId || (permissions.has('quotas:read') && seesNeighbors(permissions)),
        terms: permissions.has(level === null ? 'licenses:read' : 'restrictions:read'),
        assignments: permissions.has('assignments:read'),
        history: permissions.has('history:read'),
      };
    };
  }
}
