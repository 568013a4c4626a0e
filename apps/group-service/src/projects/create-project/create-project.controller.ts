import { Body, Controller, Post, Query } from '@nestjs/common';
import { CreatedProject, CreateProjectRequest, DryRun, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { Partners } from '../../partners/partners.js';
import { Trees } from '../../groups/trees.js';

@Controller('projects')
export class CreateProjectController {
  constructor(
    private readonly partners: Partners,
    private readonly trees: Trees,
  ) {}

  @Documented({
    tag: 'Projects',
    summary: 'Create a project of a partner; the id of its root group is the project id',
    response: { status: 201, schema: CreatedProject, example: { projectId: '7d1f0c7e-52c1-8b7a-9a52-0c1d2e3f4a5b' } },
    problems: ['VALIDATION', 'NOT_FOUND', 'PARTNER_CLOSED', 'POSTPAID_NOT_ALLOWED'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('projects:manage', { partner: 'body.partnerId' })
  @Post()
  async create(
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: CreateProjectRequest }) body: CreateProjectRequest,
    @Caller() caller: Caller,
  ): Promise<CreatedProject | PreviewAnswer> {
    const { partnerId, tenantId, postpaidAllowed } = await this.partners.openPartner(body.partnerId);
    const { name, timeZone, billingMode } = body;
    const projectId = caller.newId('project');
    const { events, revision } = await this.trees.run(
      {
        type: 'CreateProject',
        projectId,
        tenantId,
        partnerId,
        name,
        timeZone,
        billingMode,
        trial: false,
        administrator: null,
        postpaidAllowed: caller.principal.serverAdministrator || postpaidAllowed,
      },
      caller,
    );
    if (caller.dryRun) return preview(caller, events);
    caller.answerRevision(revision);
    return { projectId };
  }
}
