import type { Permission } from '@allotree/contracts';
import { Problem, type Principal } from '@allotree/http';
import type { PermissionChecker } from './permission-checker.js';

/** The permission that shows a thing of the kind. */
const SHOWN_BY: Readonly<Record<string, Permission>> = {
  group: 'groups:read',
  member: 'members:read',
  device: 'devices:read',
  license: 'licenses:read',
  assignment: 'assignments:read',
};

/**
 * Does the work of a caller in a project. If it is refused because an external id is taken, the refusal names the holder only
 * if the caller can see it.
 */
export async function concealingHolders<Result>(
  checker: PermissionChecker,
  { principal, projectId }: { readonly principal: Principal; readonly projectId: string },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'EXTERNAL_ID_TAKEN') throw error;
    throw await withoutHolder(checker, { principal, projectId }, error);
  }
}

async function withoutHolder(
  checker: PermissionChecker,
  { principal, projectId }: { readonly principal: Principal; readonly projectId: string },
  problem: Problem,
): Promise<Problem> {
  const { kind, externalId, groupId } = problem.facts;
  const target = { kind: 'group', projectId, groupId: typeof groupId === 'string' ? groupId : projectId } as const;
  const permission = SHOWN_BY[String(kind)];
  const held = await checker.permissionsAt(principal, target, true);
  if (permission !== undefined && held?.has(permission) === true) return problem;
  return new Problem(
    'EXTERNAL_ID_TAKEN',
    `The external id ${String(externalId)} belongs to another ${String(kind)} of the project. Choose another one.`,
    { kind, externalId, holderId: null, groupId: null },
  );
}
