import { Body, Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { quotaAnswer, QuotasAnswer, QuotasRequest, type Permission } from '@allotree/contracts';
import { ancestryOf, lastRecordedOf, projectOf, quotasOf, type GroupQuota } from '@allotree/domain';
import { Caller, Documented, Permit } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import { batchProblem } from '../../batches.js';
import { ProjectPath } from '../../paths.js';
import { Projects } from '../../projects.js';

const unused = {
  limit: null,
  effectiveLimit: 0,
  limitedBy: null,
  allotted: 0,
  consumed: 0,
  suspended: 0,
  available: 0,
};

type Permissions = ReadonlySet<Permission>;
type VisibleQuota = { readonly quota: GroupQuota; readonly permissions: Permissions } | null;

interface Seen {
  readonly quotas: readonly VisibleQuota[];
  readonly at: number;
  readonly revision: number;
}

@Controller('projects/:p/quotas')
export class ShowQuotasController {
  constructor(
    private readonly projects: Projects,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @Permit('quotas:read', { within: 'p' })
  @Documented({
    tag: 'quota',
    summary: 'Get the limits, use and remaining units of many groups at one instant',
    description:
      'Up to 1,000 groups. Records nothing. `BATCH_REFUSED` names every group that is unknown or out of reach.',
    body: { groupIds: ['group-1'] },
    response: {
      schema: QuotasAnswer,
      example: {
        at: '2026-06-01T08:00:00.000Z',
        quotas: [
          {
            groupId: 'group-1',
            name: 'Building A',
            status: 'active',
            type: 'plus',
            resources: { sip_number: unused, mobile_app: unused, ukey2: unused },
            features: { on: [], off: [] },
            effectivePeriod: { validFrom: '2026-06-01T00:00:00.000Z', validUntil: null },
          },
        ],
      },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'BATCH_REFUSED'],
  })
  async showQuotas(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Body({ schema: QuotasRequest }) { groupIds }: QuotasRequest,
    @Caller() caller: Caller,
  ): Promise<object> {
    let seen = await this.see(p, groupIds, caller);
    if (seen.quotas.includes(null)) {
      await this.projects.caughtUp(p);
      seen = await this.see(p, groupIds, caller);
    }
    const { quotas, at, revision } = seen;
    const missing = groupIds.flatMap((id, index) =>
      quotas[index] ? [] : [{ index, refusal: { code: 'NOT_FOUND', what: 'group', id } as const }],
    );
    if (missing.length > 0)
      throw batchProblem({ code: 'BATCH_REFUSED', items: missing }, { projectId: p, command: {}, at });
    caller.answerRevision(revision);
    const shown = quotas.flatMap((one) => (one ? [quotaAnswer(one.quota, one.permissions)] : []));
    return { at: new Date(at).toISOString(), quotas: shown };
  }

  private async see(projectId: string, groupIds: readonly string[], { principal }: Caller): Promise<Seen> {
    const permissionsAt = await this.permissionChecker.permissionsIn(principal, projectId);
    return this.projects.look(projectId, null, (state, now, { revision }) => {
      if (!projectOf(state)) return null;
      const quotas = quotasOf(state, groupIds, now).map((quota): VisibleQuota => {
        const permissions = quota && permissionsAt(ancestryOf(state, quota.groupId) ?? []);
        return quota && permissions?.has('quotas:read') === true ? { quota, permissions } : null;
      });
      return { quotas, at: Math.max(now, lastRecordedOf(state)), revision };
    });
  }
}
