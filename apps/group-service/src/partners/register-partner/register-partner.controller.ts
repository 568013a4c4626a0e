import { followUp } from '@allotree/event-sourcing';
import { Body, Controller, Inject, Post } from '@nestjs/common';
import { RegisteredPartner, RegisterPartnerRequest } from '@allotree/contracts';
import type { PartnerCommand } from '@allotree/domain';
import { accepted, Caller, Documented, Permit, Problem } from '@allotree/platform';
import { Partners } from '../../partners.js';
import { detailOf } from '../../refusals.js';
import { PARTNER_HANDLER, type PartnerHandler } from '../../tokens.js';
import { Trees } from '../../trees.js';
import { userIdOf } from '../../users.js';
import { createRegisteredProject } from '../../registered-project.js';

type RegisterPartner = Extract<PartnerCommand, { type: 'RegisterPartner' }>;

@Controller('partners')
export class RegisterPartnerController {
  constructor(
    @Inject(PARTNER_HANDLER) private readonly handler: PartnerHandler,
    private readonly partners: Partners,
    private readonly trees: Trees,
  ) {}

  @Documented({
    tag: 'Partners',
    summary: 'Register a partner; with objectName it gets a project of its own and a trial',
    response: {
      status: 201,
      schema: RegisteredPartner,
      example: {
        partnerId: 'a3f0c2d4-1b2c-8d3e-9f40-51a2b3c4d5e6',
        projectId: null,
        administratorId: '0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
      },
    },
    problems: ['VALIDATION', 'NOT_FOUND'],
    idempotent: true,
  })
  @Permit('partners:manage', { partner: 'body.parentPartnerId' })
  @Post()
  async register(
    @Body({ schema: RegisterPartnerRequest }) body: RegisterPartnerRequest,
    @Caller() caller: Caller,
  ): Promise<RegisteredPartner> {
    // What is nobody's partner is a tenant of its own: the vendor's to register.
    if (body.parentPartnerId === undefined && !caller.principal.serverAdministrator) throw new Problem('FORBIDDEN');
    const command = await this.commandOf(body, caller);
    const { partnerId, project, administrator } = command;
    const { revision } = accepted(await this.handler.execute(partnerId, command, caller.context), detailOf);
    const creation = createRegisteredProject(await this.partners.partner(partnerId));
    if (creation) await this.trees.run(creation, { context: followUp(caller.context, 'project'), dryRun: false });
    caller.answerRevision(revision);
    return { partnerId, projectId: project?.projectId ?? null, administratorId: administrator.administratorId };
  }

  private async commandOf(body: RegisterPartnerRequest, caller: Caller): Promise<RegisterPartner> {
    const { name, kind, parentPartnerId, objectName, timeZone, administrator } = body;
    return {
      type: 'RegisterPartner',
      partnerId: caller.newId('partner'),
      kind,
      name,
      parent: parentPartnerId === undefined ? null : await this.partners.partner(parentPartnerId),
      administrator: { ...administrator, administratorId: userIdOf(administrator.email) },
      project: objectName === undefined ? null : { projectId: caller.newId('project'), name: objectName, timeZone },
    };
  }
}
