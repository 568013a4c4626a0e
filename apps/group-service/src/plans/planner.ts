import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Permission, RehearsalAnswer, RehearsalRequest } from '@allotree/contracts';
import type { TreeShape } from '@allotree/domain';
import { deriveId } from '@allotree/event-sourcing';
import { Problem, type Caller } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import {
  planProject,
  type Operation,
  type PlanRefusal,
  type ProjectFile,
  type ProjectPlan,
} from '@allotree/project-file';
import { CarryingAuthorities } from '../groups/carrying-authority.js';
import { Trees } from '../groups/trees.js';
import { detailOf } from '../refusals.js';
import { CurrentProjects, type ReadProject } from './current-projects.js';
import { PlanServices } from './services.js';
import type { Access } from './visible-project.js';

export interface PlanQuestion {
  readonly projectId: string;
  readonly planId: string;
  readonly file: ProjectFile;
  readonly prune: boolean;
}

export interface Planned {
  readonly plan: ProjectPlan;
  /** With the authority of the caller over the members of groups that move or go. */
  readonly tree: TreeShape;
  readonly refusals: readonly PlanRefusal[];
  readonly effects: RehearsalAnswer['effects'];
  readonly revisions: ReadProject['revisions'];
  readonly tenantId: string;
  readonly hash: string;
  readonly operationKeys: readonly string[];
}

type Asking = Pick<Caller, 'principal' | 'context'>;

/** Plans what brings a project to what a file says, and finds out whether the rules and the caller's permissions allow it. */
@Injectable()
export class Planner {
  constructor(
    private readonly projects: CurrentProjects,
    private readonly trees: Trees,
    private readonly services: PlanServices,
    private readonly authorities: CarryingAuthorities,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  /** Records nothing. @throws Problem `NOT_FOUND`, `OVERLOADED` */
  async plan({ projectId, planId, file, prune }: PlanQuestion, { principal, context }: Asking): Promise<Planned> {
    const { project, access, tenantId, revisions } = await this.projects.read(projectId, principal);
    const newId = (parentId: string): string => deriveId(planId, `groups below ${parentId}`);
    const plan = planProject(file, project, { prune, newId });
    const own = ownRefusals(plan, access, newId);
    const { tree, ...decided } = await this.decide(projectId, plan, { principal, context, isSettled: own.length > 0 });
    const refusals = [...plan.refusals, ...own, ...decided.refusals];
    const operationKeys = plan.operations.map(keyOf);
    return {
      plan,
      tree,
      refusals,
      effects: decided.effects,
      revisions,
      tenantId,
      operationKeys,
      hash: hashOf(plan.operations, refusals),
    };
  }

  /** The decisions of both services. After a refusal of the tree nothing is rehearsed: other refusals would follow from it. */
  private async decide(
    projectId: string,
    plan: ProjectPlan,
    { principal, context, isSettled }: Asking & { readonly isSettled: boolean },
  ): Promise<{ tree: TreeShape; refusals: PlanRefusal[]; effects: RehearsalAnswer['effects'] }> {
    if (isSettled) return { tree: plan.tree, refusals: [], effects: NO_EFFECTS };
    const tree = await this.withAuthority(projectId, plan.tree, principal);
    const refused = await this.treeRefusals(projectId, plan, { tree, context });
    const devices = await this.deviceRefusals(projectId, plan, principal);
    if (refused.length > 0) return { tree, refusals: [...refused, ...devices], effects: NO_EFFECTS };
    const { refusals, effects } = await this.services.rehearse(
      projectId,
      await this.rehearsal(projectId, plan, principal),
    );
    return { tree, effects, refusals: [...devices, ...refusals.map((refusal) => licensingRefusal(plan, refusal))] };
  }

  private async withAuthority(projectId: string, tree: TreeShape, principal: Asking['principal']): Promise<TreeShape> {
    const carried = async <Item extends { readonly groupId: string }>(items: readonly Item[]): Promise<Item[]> => {
      const found: Item[] = [];
      for (const item of items)
        found.push({ ...item, ...(await this.authorities.of(principal, projectId, item.groupId)) });
      return found;
    };
    return { ...tree, moved: await carried(tree.moved), removed: await carried(tree.removed) };
  }

  private async treeRefusals(
    projectId: string,
    plan: ProjectPlan,
    { tree, context }: { readonly tree: TreeShape; readonly context: Asking['context'] },
  ): Promise<PlanRefusal[]> {
    try {
      const { expectedRevision: _, ...plain } = context;
      await this.trees.run({ type: 'ReshapeTree', projectId, ...tree }, { context: plain, dryRun: true });
      return [];
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'BATCH_REFUSED') throw error;
      const items = error.facts['items'] as readonly TreeItem[];
      return items.map(({ groupId, refusal }) => treeRefusal(plan, groupId, refusal));
    }
  }

  /** A device at a new group is checked at the group that it will be below. */
  private async deviceRefusals(
    projectId: string,
    { devices, tree, paths }: ProjectPlan,
    principal: Asking['principal'],
  ): Promise<PlanRefusal[]> {
    const refusals: PlanRefusal[] = [];
    for (const { groupId, ...device } of devices.added) {
      const place = existing(tree, groupId);
      const path = `/projects/${projectId}/groups/${place}/devices?dryRun=true`;
      const refused = await this.services.toGroups({ method: 'POST', path, body: device, principal });
      if (refused) {
        const { code, detail, facts } = refused;
        refusals.push({ kind: 'device', path: paths.get(groupId) ?? '', code, detail, facts });
      }
    }
    return refusals;
  }

  private async rehearsal(
    projectId: string,
    plan: ProjectPlan,
    principal: Asking['principal'],
  ): Promise<RehearsalRequest> {
    const authoritiesFor = async (permission: Permission, isNeeded: boolean) =>
      isNeeded ? [...(await this.permissionChecker.authorities(principal, permission, projectId))] : [];
    const usesUnits = plan.assignments.length + plan.releases.length > 0;
    return {
      added: plan.tree.added.map(({ newId, parentId, levels, level, parents, names }) => ({
        newId,
        parentId,
        levels: [...levels],
        level: [...level],
        parents: [...parents],
        names: [...names],
      })),
      moved: plan.tree.moved.map(({ groupId, parentId }) => ({ groupId, parentId })),
      removed: plan.tree.removed.map(({ groupId }) => groupId),
      devices: {
        added: plan.devices.added.map(({ groupId, serialNumber }) => ({ groupId, serialNumber })),
        removed: plan.devices.removed.map(({ serialNumber }) => serialNumber),
      },
      restrictions: plan.restrictions as RehearsalRequest['restrictions'],
      releases: plan.releases.map(({ assignmentId }) => assignmentId),
      assignments: [...plan.assignments],
      authorities: {
        restrictions: await authoritiesFor('restrictions:manage', plan.restrictions.length > 0),
        assignments: await authoritiesFor('assignments:manage', usesUnits),
      },
    };
  }
}

const NO_EFFECTS: RehearsalAnswer['effects'] = { suspended: [], reinstated: [], released: [], clamped: [] };

interface TreeItem {
  readonly groupId: string;
  readonly refusal: Parameters<typeof detailOf>[0];
}

/** The holder of an external id may be out of the caller's reach, so it is not named. */
function treeRefusal({ paths }: ProjectPlan, groupId: string, refusal: TreeItem['refusal']): PlanRefusal {
  const shown = refusal.code === 'EXTERNAL_ID_TAKEN' ? { ...refusal, holderId: null, groupId: null } : refusal;
  const { code, ...facts } = shown;
  return { kind: 'group', path: paths.get(groupId) ?? groupId, code, detail: detailOf(shown), facts };
}

type LicensingRefusal = RehearsalAnswer['refusals'][number];

function licensingRefusal(plan: ProjectPlan, { part, index, problem }: LicensingRefusal): PlanRefusal {
  const lists: Record<LicensingRefusal['part'], readonly { readonly groupId: string }[]> = {
    moved: plan.tree.moved,
    devices: plan.devices.added,
    restrictions: plan.restrictions,
    releases: plan.releases,
    assignments: plan.assignments,
  };
  const kinds = { moved: 'group', devices: 'device', restrictions: 'restriction' } as const;
  const groupId = lists[part][index]?.groupId ?? '';
  const { code, detail, title: _, ...facts } = problem;
  const kind = part === 'releases' || part === 'assignments' ? 'assignment' : kinds[part];
  return { kind, path: plan.paths.get(groupId) ?? groupId, code, detail, facts };
}

/** The group itself, or the one that is there and gets the new groups that it is among. */
function existing({ added }: TreeShape, groupId: string): string {
  return added.find(({ newId }) => groupId.startsWith(`${newId}_`))?.parentId ?? groupId;
}

/** The permission that each operation needs, like a request for it alone. */
function ownRefusals(plan: ProjectPlan, access: Access, newId: (parentId: string) => string): PlanRefusal[] {
  const { tree, devices } = plan;
  const parentOf = new Map(tree.added.map(({ parentId }) => [newId(parentId), parentId]));
  const placeOf = (groupId: string): string =>
    parentOf.get(groupId.slice(0, Math.max(0, groupId.lastIndexOf('_')))) ?? groupId;
  const refusals = new Map<string, PlanRefusal>();
  const demand = (kind: PlanRefusal['kind'], permission: Permission, groupId: string): void => {
    const place = placeOf(groupId);
    if (access.has(permission, place)) return;
    const path = plan.paths.get(groupId) ?? groupId;
    refusals.set(`${kind} ${groupId}`, lacking({ kind, permission, path, isSeen: access.at(place) !== null }));
  };
  for (const { parentId } of tree.added) demand('group', 'groups:manage', parentId);
  for (const { groupId, parentId } of tree.moved)
    for (const id of [groupId, parentId]) demand('group', 'groups:manage', id);
  for (const { groupId } of [...tree.changed, ...tree.removed]) demand('group', 'groups:manage', groupId);
  for (const { groupId } of [...devices.added, ...devices.changed, ...devices.removed])
    demand('device', 'devices:manage', groupId);
  for (const { groupId } of plan.restrictions) demand('restriction', 'restrictions:manage', groupId);
  for (const { groupId } of [...plan.assignments, ...plan.releases, ...plan.identified])
    demand('assignment', 'assignments:manage', groupId);
  return [...refusals.values()];
}

interface Lacking extends Pick<PlanRefusal, 'kind' | 'path'> {
  readonly permission: Permission;
  readonly isSeen: boolean;
}

const lacking = ({ kind, path, permission, isSeen }: Lacking): PlanRefusal =>
  isSeen
    ? { kind, path, code: 'FORBIDDEN', detail: `You lack the permission ${permission} there.`, facts: { permission } }
    : { kind, path, code: 'NOT_FOUND', detail: `There is no group ${path} here`, facts: { what: 'group', id: path } };

/** Units of one kind at one group are one thing to do, however many are left. */
const keyOf = ({ op, kind, path, before, after }: Operation): string => {
  const content = kind === 'assignment' ? ((after ?? before) as { resource?: string }).resource : [before, after];
  return createHash('sha256')
    .update(JSON.stringify([op, kind, path, content]))
    .digest('base64url')
    .slice(0, 16);
};

const hashOf = (operations: readonly Operation[], refusals: readonly PlanRefusal[]): string =>
  createHash('sha256')
    .update(JSON.stringify([operations, refusals.map(({ kind, path, code }) => [kind, path, code])]))
    .digest('hex');
