import { Controller, Get, Param } from '@nestjs/common';
import { QuotaAnswer, quotaAnswer } from '@allotree/contracts';
import { quotaOf } from '@allotree/domain';
import { Caller, Documented, Permit } from '@allotree/http';
import { GroupPath } from '../../paths.js';
import { Projects } from '../../projects.js';

const resource = { limit: 80, effectiveLimit: 80, limitedBy: { groupId: 'group-1', name: 'Building A' } };

@Controller('projects/:p/groups/:g/quota')
export class QuotaController {
  constructor(private readonly projects: Projects) {}

  @Get()
  @Permit('quotas:read', { project: 'p', group: 'g' })
  @Documented({
    tag: 'quota',
    summary: 'Get the limits, use and remaining units of a group',
    response: {
      schema: QuotaAnswer,
      example: {
        groupId: 'group-1',
        name: 'Building A',
        status: 'active',
        type: 'plus',
        resources: {
          sip_number: { ...resource, allotted: 100, consumed: 12, suspended: 0, available: 68 },
          mobile_app: {
            ...resource,
            limit: 60,
            effectiveLimit: 60,
            allotted: 80,
            consumed: 9,
            suspended: 0,
            available: 51,
          },
          ukey2: { ...resource, limit: 5, effectiveLimit: 5, allotted: 5, consumed: 0, suspended: 0, available: 5 },
        },
        features: {
          on: ['siri'],
          off: [{ feature: 'elevators', limitedBy: { groupId: 'group-1', name: 'Building A' } }],
        },
        effectivePeriod: { validFrom: '2026-06-01T00:00:00.000Z', validUntil: '2026-12-01T00:00:00.000Z' },
      },
    },
    problems: ['NOT_FOUND'],
  })
  async showQuota(@Param({ schema: GroupPath }) { p, g }: GroupPath, @Caller() caller: Caller): Promise<object> {
    const { quota, revision } = await this.projects.look(p, g, (state, now, { revision }) => {
      const quota = quotaOf(state, g, now);
      return quota && { quota, revision };
    });
    caller.answerRevision(revision);
    return quotaAnswer(quota, caller.permissions);
  }
}
