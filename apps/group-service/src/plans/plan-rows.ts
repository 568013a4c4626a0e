import { Inject, Injectable } from '@nestjs/common';
import type { PlanAnswer } from '@allotree/contracts';
import { Clock, PG_POOL } from '@allotree/basics';
import { notFound, type Principal } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import type pg from 'pg';

export type Progress = NonNullable<PlanAnswer['progress']>;
/** The answer as it was shown when the plan was made. */
export type PlanContent = Pick<
  PlanAnswer,
  'baseRevisions' | 'summary' | 'operations' | 'omitted' | 'refusals' | 'effects' | 'hash'
>;

export interface NewPlan {
  readonly planId: string;
  readonly tenantId: string;
  readonly projectId: string;
  readonly userId: string;
  readonly prune: boolean;
  readonly document: object;
  readonly content: PlanContent;
  readonly operationKeys: readonly string[];
}

export interface KeptPlan extends NewPlan {
  readonly status: PlanAnswer['status'];
  readonly progress: Progress | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

const KEPT_MS = 24 * 3_600_000;

const COLUMNS = `plan_id AS "planId", tenant_id AS "tenantId", project_id AS "projectId", user_id AS "userId", prune, document,
  content, operation_keys AS "operationKeys", status, progress, created_at AS "createdAt", expires_at AS "expiresAt"`;

/** Plans that were made, for a day. */
@Injectable()
export class PlanRows {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly rows: TenantRows,
    private readonly clock: Clock,
  ) {}

  /** A repeated request keeps the first plan. */
  async keep(plan: NewPlan): Promise<KeptPlan> {
    const createdAt = new Date(this.clock.now());
    const expiresAt = new Date(createdAt.getTime() + KEPT_MS);
    await this.pool.query(
      `INSERT INTO groups.plan (plan_id, tenant_id, project_id, user_id, prune, document, content, operation_keys, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (plan_id) DO NOTHING`,
      [
        plan.planId,
        plan.tenantId,
        plan.projectId,
        plan.userId,
        plan.prune,
        JSON.stringify(plan.document),
        JSON.stringify(plan.content),
        plan.operationKeys,
        createdAt,
        expiresAt,
      ],
    );
    return { ...plan, status: 'planned', progress: null, createdAt, expiresAt };
  }

  /** A plan of the caller. @throws Problem `NOT_FOUND` also for a plan of somebody else */
  async find(projectId: string, planId: string, principal: Principal): Promise<KeptPlan> {
    const now = new Date(this.clock.now());
    const found = await this.rows.as(principal, 'groups:read', (tx): Promise<KeptPlan[]> =>
      tx.query(
        `SELECT ${COLUMNS} FROM groups.plan WHERE plan_id = $1 AND project_id = $2 AND user_id = $3 AND expires_at > $4`,
        [planId, projectId, principal.userId, now],
      ),
    );
    if (!found[0]) throw notFound('plan', planId);
    return found[0];
  }

  /** A plan that is being applied is kept for a day after each step. */
  async advance(planId: string, status: 'applying' | 'applied', progress: Progress): Promise<void> {
    const expiresAt = new Date(this.clock.now() + KEPT_MS);
    await this.pool.query('UPDATE groups.plan SET status = $2, progress = $3, expires_at = $4 WHERE plan_id = $1', [
      planId,
      status,
      JSON.stringify(progress),
      expiresAt,
    ]);
  }
}

/** As routes answer it. */
export const planAnswer = ({
  planId,
  status,
  prune,
  createdAt,
  expiresAt,
  content,
  progress,
}: KeptPlan): PlanAnswer => ({
  planId,
  status,
  prune,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
  ...content,
  progress,
});

export const PLAN_EXAMPLE: PlanAnswer = {
  planId: '3f6f8a52-7f0c-8a1b-9d6e-5b2c1f0e7a44',
  status: 'planned',
  prune: false,
  createdAt: '2026-06-01T08:00:00.000Z',
  expiresAt: '2026-06-02T08:00:00.000Z',
  baseRevisions: { groups: 4, licensing: 9 },
  summary: { create: 1, update: 0, move: 0, remove: 0, unchanged: 2 },
  operations: [
    {
      op: 'create',
      kind: 'group',
      path: 'Building A',
      count: 1,
      before: null,
      after: { type: 'building', name: 'Building A', key: 'ERP-A' },
    },
  ],
  omitted: 0,
  refusals: [],
  effects: { suspended: [], reinstated: [], released: [], clamped: [] },
  hash: '9f2c4c1b7d0f6f0a6f0c6b3a8b1d2e3f4a5b6c7d8e9f00112233445566778899',
  progress: null,
};
