import { Body, Controller, Post, Query } from '@nestjs/common';
import { DryRun, RegisteredPartner, RegisterPartnerRequest, type PreviewAnswer } from '@allotree/contracts';
import { administratorRole, type PartnerCommand } from '@allotree/domain';
import { Caller, Documented, Permit, Problem, preview } from '@allotree/http';
import { checkGrant, PermissionChecker } from '@allotree/identity';
import { Partners } from '../partners.js';
import { userIdOf } from '../../identity/users.js';
import { PartnerRegistration } from '../registration.js';

type RegisterPartner = Extract<PartnerCommand, { type: 'RegisterPartner' }>;

@Controller('partners')
export class RegisterPartnerController {
  constructor(
    private readonly partners: Partners,
    private readonly registration: PartnerRegistration,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Partners',
    summary: 'Register a partner; with objectName, a project with a trial is created too',
    response: {
      status: 201,
      schema: RegisteredPartner,
      example: {
        partnerId: 'a3f0c2d4-1b2c-8d3e-9f40-51a2b3c4d5e6',
        projectId: null,
        administratorId: '0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
      },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'FORBIDDEN', 'PARTNER_CLOSED'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('partners:manage', { partner: 'body.parentPartnerId' })
  @Post()
  async register(
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: RegisterPartnerRequest }) body: RegisterPartnerRequest,
    @Caller() caller: Caller,
  ): Promise<RegisteredPartner | PreviewAnswer> {
    // A partner without a parent is a tenant of its own, which only the vendor registers.
    if (body.parentPartnerId === undefined && !caller.principal.serverAdministrator) throw new Problem('FORBIDDEN');
    const command = await this.commandOf(body, caller);
    const { partnerId, project, administrator, parent } = command;
    if (parent !== null) {
      // P2: the partner's first administrator is given a role as well.
      const scope = { kind: 'partner', partnerId: parent.partnerId } as const;
      await checkGrant(this.permissionChecker, caller.principal, administratorRole(command.kind), scope);
    }
    if (caller.dryRun) return preview(caller, await this.registration.wouldRegister(command, caller.context));
    const { revision } = await this.registration.register(command, caller.context);
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
      parent: parentPartnerId === undefined ? null : await this.partners.openPartner(parentPartnerId),
      administrator: { ...administrator, administratorId: userIdOf(administrator.email) },
      project: objectName === undefined ? null : { projectId: caller.newId('project'), name: objectName, timeZone },
    };
  }
}
