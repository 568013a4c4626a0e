import { createHash, hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { inSlices } from '@allotree/basics';
import type { Permission, RehearsalAnswer, RehearsalRequest } from '@allotree/contracts';
import { PAUSE_EVERY, type Slices, type TreeShape } from '@allotree/domain';
import { deriveId } from '@allotree/event-sourcing';
import { refusalProblem, type Caller } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import { planProject, type Operation, type PlanRefusal, type ProjectPlan } from '@allotree/project-file';
import { CarryingAuthorities } from '../groups/carrying-authority.js';
import { Trees } from '../groups/trees.js';
import { detailOf } from '../refusals.js';
import { CurrentProjects, type ReadProject } from './current-projects.js';
import { projectFileOf } from './documents.js';
import { PlanPlaces } from './plan-places.js';
import { PlanServices } from './services.js';
import type { Access } from './visible-project.js';

export interface PlanQuestion {
  readonly projectId: string;
  readonly planId: string;
  /** A project file. */
  readonly document: unknown;
  readonly prune: boolean;
  /** A plan that is being applied: what is left of it is decided when it is carried out, not beforehand as well. */
  readonly isBegun?: boolean;
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

type Asking = Pick<Caller, 'principal'>;

/** Plans what brings a project to what a file says, and finds out whether the rules and the caller's permissions allow it. */
@Injectable()
export class Planner {
  constructor(
    private readonly projects: CurrentProjects,
    private readonly trees: Trees,
    private readonly services: PlanServices,
    private readonly authorities: CarryingAuthorities,
    private readonly permissionChecker: PermissionChecker,
    private readonly places: PlanPlaces,
  ) {}

  /**
   * Records nothing.
   * @throws Problem `VALIDATION` with every mistake in the document, `NOT_FOUND`, `OVERLOADED`, `RATE_LIMITED`
   */
  plan(question: PlanQuestion, asking: Asking): Promise<Planned> {
    return this.places.hold(asking.principal.userId, () => this.compute(question, asking));
  }

  private async compute(
    { projectId, planId, document, prune, isBegun = false }: PlanQuestion,
    { principal }: Asking,
  ): Promise<Planned> {
    const file = await projectFileOf(document);
    const { project, access, tenantId, revisions } = await this.projects.read(projectId, principal);
    // A plan that goes on may add groups again that were removed meanwhile, beside those of its first step.
    const newId = (parentId: string): string => deriveId(planId, `groups below ${parentId} at ${revisions.groups}`);
    const plan = await inSlices(planProject(file, project, { prune, newId }));
    const own = await inSlices(ownRefusals(plan, access, newId));
    const { tree, ...decided } = isBegun
      ? { tree: await this.withAuthority(projectId, plan.tree, principal), refusals: [], effects: NO_EFFECTS }
      : await this.decide(projectId, plan, { principal, isSettled: own.length > 0 });
    const refusals = [...plan.refusals, ...own, ...decided.refusals];
    return {
      plan,
      tree,
      refusals,
      effects: decided.effects,
      revisions,
      tenantId,
      ...(await inSlices(identified(plan.operations, refusals))),
    };
  }

  /** The decisions of both services. After a refusal of the tree nothing is rehearsed: other refusals would follow from it. */
  private async decide(
    projectId: string,
    plan: ProjectPlan,
    { principal, isSettled }: Asking & { readonly isSettled: boolean },
  ): Promise<{ tree: TreeShape; refusals: PlanRefusal[]; effects: RehearsalAnswer['effects'] }> {
    if (isSettled) return { tree: plan.tree, refusals: [], effects: NO_EFFECTS };
    const tree = await this.withAuthority(projectId, plan.tree, principal);
    const refused = await this.treeRefusals(projectId, plan, tree);
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

  private async treeRefusals(projectId: string, plan: ProjectPlan, tree: TreeShape): Promise<PlanRefusal[]> {
    const refusal = await this.trees.reshapeRefusal(projectId, tree);
    if (refusal === null) return [];
    if (refusal.code !== 'BATCH_REFUSED') throw refusalProblem(refusal, detailOf(refusal));
    return refusal.items.map((item) => treeRefusal(plan, item.groupId, item.refusal));
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

/** The holder of an external id may be out of the caller's reach, so it is not named. */
function treeRefusal({ paths }: ProjectPlan, groupId: string, refusal: Parameters<typeof detailOf>[0]): PlanRefusal {
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
function* ownRefusals(plan: ProjectPlan, access: Access, newId: (parentId: string) => string): Slices<PlanRefusal[]> {
  const { tree, devices } = plan;
  const parentOf = new Map(tree.added.map(({ parentId }) => [newId(parentId), parentId]));
  const placeOf = (groupId: string): string =>
    parentOf.get(groupId.slice(0, Math.max(0, groupId.lastIndexOf('_')))) ?? groupId;
  const refusals = new Map<string, PlanRefusal>();
  let demands = 0;
  function* demand(kind: PlanRefusal['kind'], permission: Permission, groups: Iterable<string>): Slices<void> {
    for (const groupId of groups) {
      demands += 1;
      if (demands % PAUSE_EVERY === 0) yield;
      const place = placeOf(groupId);
      if (access.has(permission, place)) continue;
      const path = plan.paths.get(groupId) ?? groupId;
      refusals.set(`${kind} ${groupId}`, lacking({ kind, permission, path, isSeen: access.at(place) !== null }));
    }
  }
  const idsOf = (...lists: readonly (readonly { readonly groupId: string }[])[]): string[] =>
    lists.flatMap((list) => list.map(({ groupId }) => groupId));
  const reshaped = [
    ...tree.added.map(({ parentId }) => parentId),
    ...tree.moved.flatMap(({ groupId, parentId }) => [groupId, parentId]),
    ...idsOf(tree.changed, tree.removed),
  ];
  yield* demand('group', 'groups:manage', reshaped);
  yield* demand('device', 'devices:manage', idsOf(devices.added, devices.changed, devices.removed));
  yield* demand('restriction', 'restrictions:manage', idsOf(plan.restrictions));
  yield* demand('assignment', 'assignments:manage', idsOf(plan.assignments, plan.releases, plan.identified));
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
  return hash('sha256', JSON.stringify([op, kind, path, content]), 'base64url').slice(0, 16);
};

/** The keys of the operations, and the hash of all of them with the refusals. */
function* identified(
  operations: readonly Operation[],
  refusals: readonly PlanRefusal[],
): Slices<Pick<Planned, 'operationKeys' | 'hash'>> {
  const operationKeys: string[] = [];
  const whole = createHash('sha256').update('[[');
  for (const [index, operation] of operations.entries()) {
    if (index % PAUSE_EVERY === 0) yield;
    operationKeys.push(keyOf(operation));
    whole.update(`${index === 0 ? '' : ','}${JSON.stringify(operation)}`);
  }
  const refused = JSON.stringify(refusals.map(({ kind, path, code }) => [kind, path, code]));
  return { operationKeys, hash: whole.update(`],${refused}]`).digest('hex') };
}
