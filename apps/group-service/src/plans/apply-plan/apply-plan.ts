import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { inBatches, MAX_RESTRICTIONS, MAX_UNITS, type ApplyPlanAnswer } from '@allotree/contracts';
import { deriveId } from '@allotree/event-sourcing';
import { Problem, type Caller } from '@allotree/http';
import { Trees } from '../../groups/trees.js';
import { CurrentProjects } from '../current-projects.js';
import { PlanRows, type KeptPlan, type Progress } from '../plan-rows.js';
import { Planner, type Planned } from '../planner.js';
import { PlanServices, type Refused } from '../services.js';

type Phase = Progress['phase'];

/** A request that carries out a part of a phase. */
interface Step {
  readonly phase: Exclude<Phase, 'done'>;
  /** How many things it does. */
  readonly size: number;
  /** `null`: done. */
  run(): Promise<Refused | null>;
}

/** After this the answer is that the plan is being applied, and the next request goes on. */
const BUDGET_MS = 45_000;

/**
 * Applies a plan: groups in one decision, then devices, then Licenses sections, then units, with the routes and permissions of
 * single requests. It does what differs now, so a plan that was interrupted anywhere goes on with the next request, as long
 * as nothing differs that it did not name.
 */
@Injectable()
export class ApplyPlan {
  constructor(
    private readonly planner: Planner,
    private readonly rows: PlanRows,
    private readonly trees: Trees,
    private readonly services: PlanServices,
    private readonly projects: CurrentProjects,
  ) {}

  /** @throws Problem `STALE_PLAN`, `PLAN_REFUSED`, `PLAN_HALTED` */
  async apply(kept: KeptPlan, caller: Caller): Promise<ApplyPlanAnswer> {
    const { planId, projectId, prune } = kept;
    const answer = { planId, summary: kept.content.summary };
    if (kept.status === 'applied') return { ...answer, status: 'applied', progress: kept.progress ?? DONE };
    const isBegun = kept.status === 'applying';
    const planned = await this.planner.plan({ projectId, planId, document: kept.document, prune, isBegun }, caller);
    refuseStale(kept, planned);
    const progress = await this.carryOut(kept, this.steps(kept, planned, caller));
    return { ...answer, status: progress.phase === 'done' ? 'applied' : 'applying', progress };
  }

  private async carryOut(kept: KeptPlan, steps: readonly Step[]): Promise<Progress> {
    const since = performance.now();
    for (const [index, step] of steps.entries()) {
      const progress = progressAt(steps, index);
      if (index > 0 && performance.now() - since > BUDGET_MS) return progress;
      await this.rows.advance(kept.planId, 'applying', progress);
      const before = steps[index - 1]?.phase;
      // Later steps are decided by the license service, which has to know the groups and devices first.
      if (before !== step.phase && (before === 'groups' || before === 'devices'))
        await this.projects.untilKnown(kept.projectId);
      const refused = await step.run();
      if (refused) throw halted(steps, index, refused);
    }
    await this.rows.advance(kept.planId, 'applied', DONE);
    return DONE;
  }

  private steps(kept: KeptPlan, planned: Planned, caller: Caller): Step[] {
    return [
      ...this.groupSteps(kept, planned, caller),
      ...this.deviceSteps(kept, planned, caller),
      ...this.licensingSteps(kept, planned, caller),
    ];
  }

  private groupSteps({ planId, projectId }: KeptPlan, { tree, revisions }: Planned, { context }: Caller): Step[] {
    const { added, moved, changed, removed } = tree;
    const size =
      added.reduce((sum, { names }) => sum + names.length, 0) + moved.length + changed.length + removed.length;
    if (size === 0) return [];
    const run = async (): Promise<Refused | null> => {
      const command = { type: 'ReshapeTree', projectId, ...tree } as const;
      const commandId = deriveId(planId, `groups at ${revisions.groups}`);
      const once = { ...context, commandId, repeatable: true, expectedRevision: revisions.groups };
      try {
        await this.trees.run(command, { context: once, dryRun: false });
        return null;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.code === 'STALE_REVISION') throw stale('Its groups have changed meanwhile');
        return { status: 409, code: error.code, detail: error.detail, facts: error.facts };
      }
    };
    return [{ phase: 'groups', size, run }];
  }

  private deviceSteps(kept: KeptPlan, { plan: { devices } }: Planned, caller: Caller): Step[] {
    const at = (groupId: string): string => `/projects/${kept.projectId}/groups/${groupId}/devices`;
    const step = (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Step => {
      const call = { method, path, ...(body && { body }), principal: caller.principal };
      return { phase: 'devices', size: 1, run: () => this.services.toGroups({ ...call, key: keyOf(kept, call) }) };
    };
    return [
      ...devices.removed.map(({ groupId, serialNumber }) =>
        step('DELETE', `${at(groupId)}/${encodeURIComponent(serialNumber)}`),
      ),
      ...devices.changed.map(({ groupId, serialNumber, externalId }) =>
        step('PATCH', `${at(groupId)}/${encodeURIComponent(serialNumber)}`, { externalId }),
      ),
      ...devices.added.map(({ groupId, ...device }) => step('POST', at(groupId), device)),
    ];
  }

  private licensingSteps(kept: KeptPlan, { plan }: Planned, { principal }: Caller): Step[] {
    const base = `/projects/${kept.projectId}`;
    const send = (
      phase: Step['phase'],
      size: number,
      call: Omit<Parameters<PlanServices['toLicenses']>[0], 'principal'>,
    ) => ({
      phase,
      size,
      run: () => this.services.toLicenses({ ...call, principal, key: keyOf(kept, call) }),
    });
    const sections = inBatches(plan.restrictions, MAX_RESTRICTIONS).map(({ items }) =>
      send('restrictions', items.length, {
        method: 'PUT',
        path: `${base}/restrictions`,
        body: { restrictions: items },
      }),
    );
    const released = inBatches(plan.releases, MAX_UNITS).map(({ items }) => {
      const body = { assignmentIds: items.map(({ assignmentId }) => assignmentId) };
      return send('assignments', items.length, { method: 'POST', path: `${base}/releases`, body });
    });
    const identified = plan.identified.map(({ groupId, assignmentId, externalId }) =>
      send('assignments', 1, {
        method: 'PATCH',
        path: `${base}/groups/${groupId}/assignments/${assignmentId}`,
        body: { externalId },
      }),
    );
    const assigned = inBatches(plan.assignments, MAX_UNITS, ({ count }) => count).map(({ items }) =>
      send(
        'assignments',
        items.reduce((sum, { count }) => sum + count, 0),
        {
          method: 'POST',
          path: `${base}/assignments`,
          body: { assignments: items },
        },
      ),
    );
    return [...sections, ...released, ...identified, ...assigned];
  }
}

const DONE: Progress = { phase: 'done', done: 0, total: 0 };

/** The same for the same request of a plan: sent again after an interruption, it is carried out once. */
const keyOf = ({ planId }: KeptPlan, call: object): string =>
  `plan-${planId}-${createHash('sha256').update(JSON.stringify(call)).digest('hex').slice(0, 32)}`;

function progressAt(steps: readonly Step[], index: number): Progress {
  const { phase } = steps[index] as Step;
  const sum = (some: readonly Step[]): number =>
    some.filter((step) => step.phase === phase).reduce((total, { size }) => total + size, 0);
  return { phase, done: sum(steps.slice(0, index)), total: sum(steps) };
}

const stale = (reason: string): Problem =>
  new Problem('STALE_PLAN', `${reason}. Make a new plan and look at it: nothing of this one was done now.`);

/** @throws Problem where the plan is no longer what its creator saw, or is refused */
function refuseStale({ status, content, operationKeys }: KeptPlan, planned: Planned): void {
  if (status === 'planned' && planned.hash !== content.hash)
    throw stale('The project has changed since the plan was made');
  const known = new Set(operationKeys);
  if (status === 'applying' && planned.operationKeys.some((key) => !known.has(key)))
    throw stale('The project differs in more than the plan named');
  const { refusals } = planned;
  if (refusals.length === 0) return;
  const facts = { refusals: refusals.slice(0, 1_000), count: refusals.length };
  throw new Problem(
    'PLAN_REFUSED',
    `${refusals.length} changes are refused, so nothing was done. Correct the file and plan again.`,
    facts,
  );
}

const PARTS: Readonly<Record<Step['phase'], string>> = {
  groups: 'the groups',
  devices: 'devices',
  restrictions: 'Licenses sections',
  assignments: 'units in use',
};

/** A refusal half way: somebody changed the project between the plan and this step. */
function halted(steps: readonly Step[], index: number, refused: Refused): Problem {
  const { phase } = steps[index] as Step;
  const done = [...new Set(steps.slice(0, index).map((step) => step.phase))];
  const before =
    done.length === 0 ? 'nothing of the plan' : `what the plan says about ${done.map((one) => PARTS[one]).join(', ')}`;
  const { code, detail, facts } = refused;
  return new Problem(
    'PLAN_HALTED',
    `${PARTS[phase]} were refused (${code}: ${detail}). Done is ${before}. ` +
      'Correct the file and plan again, which finds what is done; to go back, plan the former file with prune and apply that.',
    { phase, completed: done, refusal: { code, detail, ...facts } },
  );
}
