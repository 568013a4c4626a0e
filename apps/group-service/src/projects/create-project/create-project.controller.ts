import { Body, Controller, Post } from '@nestjs/common';
import { CreatedProject, CreateProjectRequest } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/platform';
import { Partners } from '../../partners.js';
import { Trees } from '../../trees.js';

@Controller('projects')
export class CreateProjectController {
  constructor(
    private readonly partners: Partners,
    private readonly trees: Trees,
  ) {}

  @Documented({
    tag: 'Projects',
    summary: "Create a project of a partner; its root group has the project's id",
    response: { status: 201, schema: CreatedProject, example: { projectId: '7d1f0c7e-52c1-8b7a-9a52-0c1d2e3f4a5b' } },
    problems: ['VALIDATION', 'NOT_FOUND', 'POSTPAID_NOT_ALLOWED'],
    idempotent: true,
  })
  @Permit('projects:manage', { partner: 'body.partnerId' })
  @Post()
  async create(
    @Body({ schema: CreateProjectRequest }) body: CreateProjectRequest,
    @Caller() caller: Caller,
  ): Promise<CreatedProject> {
    const { partnerId, tenantId } = await this.partners.partner(body.partnerId);
    const { name, timeZone, billingMode } = body;
    const projectId = caller.newId('project');
    const { revision } = await this.trees.run(
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
        postpaidAllowed: caller.principal.serverAdministrator,
      },
      { context: caller.context, dryRun: false },
    );
    caller.answerRevision(revision);
    return { projectId };
  }
}
