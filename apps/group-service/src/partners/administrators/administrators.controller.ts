import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  AddAdministratorRequest,
  AddedAdministrator,
  ADMINISTRATORS,
  AdministratorList,
  AdministratorsQuery,
  DryRun,
  selected,
  type PreviewAnswer,
} from '@allotree/contracts';
import { administratorRole, emailKey, type PartnerMember } from '@allotree/domain';
import { notFound, Caller, Documented, Permit, preview } from '@allotree/http';
import { checkGrant, checkRevoke, PermissionChecker } from '@allotree/identity';
import { AdministratorPath, PartnerPath } from '../../paths.js';
import { Partners } from '../partners.js';
import { userIdOf } from '../../identity/users.js';

/** Roles at a partner, valid in all its projects and, at a distributor, in its whole tenant. */
@Controller('partners/:partnerId/administrators')
export class AdministratorsController {
  constructor(
    private readonly partners: Partners,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Partners',
    summary: 'List the administrators of a partner and everyone else with a role there',
    response: {
      schema: AdministratorList,
      example: {
        items: [{ userId: 'user-1', email: 'ada@nordlicht.example', name: 'Ada Berg', role: 'company_administrator' }],
        nextCursor: null,
      },
    },
    list: ADMINISTRATORS,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('partners:read', { partner: 'partnerId' })
  @Get()
  async list(
    @Param({ schema: PartnerPath }) { partnerId }: PartnerPath,
    @Query({ schema: AdministratorsQuery }) query: AdministratorsQuery,
  ): Promise<AdministratorList> {
    await this.partners.partner(partnerId);
    return { items: [...selected(await this.partners.administrators(partnerId), query)], nextCursor: null };
  }

  @Documented({
    tag: 'Partners',
    summary: 'Add an administrator to a partner, or change the name and role of the one with this e-mail address',
    description:
      'Default of `role`: the administrator role for the kind of partner. Otherwise the id of a role of the tenant.',
    response: { status: 201, schema: AddedAdministrator, example: { userId: 'user-1' } },
    problems: ['VALIDATION', 'NOT_FOUND', 'FORBIDDEN', 'PARTNER_CLOSED', 'LAST_ADMINISTRATOR', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('partners:manage', { partner: 'partnerId' })
  @Post()
  async add(
    @Param({ schema: PartnerPath }) { partnerId }: PartnerPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: AddAdministratorRequest }) { email, name, role }: AddAdministratorRequest,
    @Caller() caller: Caller,
  ): Promise<AddedAdministrator | PreviewAnswer> {
    const { kind } = await this.partners.partner(partnerId);
    const { principal } = caller;
    const scope = { kind: 'partner', partnerId } as const;
    await checkGrant(this.permissionChecker, principal, role ?? administratorRole(kind), scope);
    const same = (known: PartnerMember): boolean => emailKey(known.email) === emailKey(email);
    const known = (await this.partners.administrators(partnerId)).find(same);
    if (known) await checkRevoke(this.permissionChecker, principal, known.role, scope);
    const userId = known?.userId ?? userIdOf(email);
    const command = { type: 'AddPartnerAdministrator', partnerId, userId, email, name, role: role ?? null } as const;
    const events = await this.partners.run(command, caller);
    return caller.dryRun ? preview(caller, events) : { userId };
  }

  @Documented({
    tag: 'Partners',
    summary: 'Remove an administrator from a partner',
    problems: ['VALIDATION', 'NOT_FOUND', 'FORBIDDEN', 'PARTNER_CLOSED', 'LAST_ADMINISTRATOR', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('partners:manage', { partner: 'partnerId' })
  @HttpCode(204)
  @Delete(':userId')
  async remove(
    @Param({ schema: AdministratorPath }) { partnerId, userId }: AdministratorPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const known = (await this.partners.administrators(partnerId)).find((member) => member.userId === userId);
    if (!known) throw notFound('administrator', userId);
    await checkRevoke(this.permissionChecker, caller.principal, known.role, { kind: 'partner', partnerId });
    const events = await this.partners.run({ type: 'RemovePartnerAdministrator', partnerId, userId }, caller);
    return caller.dryRun ? preview(caller, events) : undefined;
  }
}
