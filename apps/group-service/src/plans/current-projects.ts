import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CommandRuntime, Subscriptions } from '@allotree/event-sourcing';
import { devicesOf, groupsOf, projectFactsOf } from '@allotree/domain';
import { inSlices, PG_POOL } from '@allotree/basics';
import { notFound, Problem, type Principal } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { CurrentProject } from '@allotree/project-file';
import type pg from 'pg';
import { Freshness } from '../freshness.js';
import { Trees } from '../groups/trees.js';
import { TREE_VIEW } from '../views.js';
import { PlanServices } from './services.js';
import { Access, visibleProject } from './visible-project.js';
import { PUBLISH_GROUPS } from '../feed/publish-groups/publish-groups.reactor.js';

export interface ReadProject {
  /** What the caller sees of it. */
  readonly project: CurrentProject;
  readonly access: Access;
  readonly tenantId: string;
  readonly revisions: { readonly groups: number; readonly licensing: number };
}

/** The longest wait until the license service knows all groups. */
const LONGEST_MS = 30_000;
const PAUSE_MS = 200;

/** Whole projects: the tree of this service, and the licensing of the license service once it knows all groups. */
@Injectable()
export class CurrentProjects {
  constructor(
    private readonly trees: Trees,
    private readonly services: PlanServices,
    private readonly permissionChecker: PermissionChecker,
    private readonly freshness: Freshness,
    @Inject(Subscriptions) private readonly subscriptions: Subscriptions,
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
  ) {}

  /** @throws Problem `NOT_FOUND`, or `OVERLOADED` where the license service does not follow */
  async read(projectId: string, principal: Principal): Promise<ReadProject> {
    await this.published();
    const permissionsAt = await this.permissionChecker.permissionsIn(principal, projectId);
    const createdAt = await this.createdAt(projectId);
    for (const since = performance.now(); ; await sleep(PAUSE_MS)) {
      const licensing = await this.services.licensing(projectId);
      const tree = await this.trees.look(projectId, (state, revision) => ({
        facts: projectFactsOf(state),
        groups: groupsOf(state),
        devices: devicesOf(state),
        revision,
      }));
      if (tree.facts === null) throw notFound('project', projectId);
      if (tree.groups.length === licensing.groups) {
        const whole: CurrentProject = {
          projectId,
          timeZone: tree.facts.timeZone,
          createdAt,
          groups: tree.groups,
          devices: tree.devices,
          restrictions: licensing.restrictions,
          assignments: licensing.assignments,
        };
        const access = new Access(whole.groups, permissionsAt);
        return {
          project: await inSlices(visibleProject(whole, access)),
          access,
          tenantId: tree.facts.tenantId,
          revisions: { groups: tree.revision, licensing: licensing.revision },
        };
      }
      if (performance.now() - since > LONGEST_MS) throw behind(licensing.groups, tree.groups.length);
    }
  }

  /** Waits until the license service has learned of everything that was recorded so far. @throws Problem `OVERLOADED` */
  async untilKnown(projectId: string): Promise<void> {
    await this.published();
    for (const since = performance.now(); ; await sleep(PAUSE_MS)) {
      const { groups: known } = await this.services.licensing(projectId);
      const all = await this.trees.look(projectId, (state) => groupsOf(state).length);
      if (known === all) return;
      if (performance.now() - since > LONGEST_MS) throw behind(known, all);
    }
  }

  /** Until the events recorded so far are published. */
  private async published(): Promise<void> {
    await this.subscriptions.waitUntil(PUBLISH_GROUPS, this.runtime.lastPosition, LONGEST_MS);
  }

  private async createdAt(projectId: string): Promise<number> {
    const find = async (): Promise<Date | undefined> =>
      (
        await this.pool.query<{ created_at: Date }>('SELECT created_at FROM groups.project WHERE project_id = $1', [
          projectId,
        ])
      ).rows[0]?.created_at;
    const known = await find();
    if (known === undefined) await this.freshness.of(TREE_VIEW);
    const createdAt = known ?? (await find());
    if (createdAt === undefined) throw notFound('project', projectId);
    return createdAt.getTime();
  }
}

const behind = (known: number, all: number): Problem =>
  new Problem(
    'OVERLOADED',
    `The license service knows ${known} of ${all} groups. Send the request again: it goes on.`,
    {
      retryAfterSeconds: 2,
      cause: 'the license service follows',
    },
  );
