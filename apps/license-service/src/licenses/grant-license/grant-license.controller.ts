import { Body, Controller, Param, Post, Query, Res } from '@nestjs/common';
import { CreatedLicense, DryRun, GrantLicenseRequest } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../../answer.js';
import { ProjectPath } from '../../paths.js';
import { GrantLicense } from './grant-license.js';

@Controller('projects/:p/licenses')
export class GrantLicenseController {
  constructor(private readonly grants: GrantLicense) {}

  @Post()
  @Permit('licenses:manage', { project: 'p' })
  @Documented({
    tag: 'licenses',
    summary: 'Grant a trial, or issue units out of a partner’s package',
    description:
      'A trial is unlimited, with every feature, for 30 days; only a server administrator can name another term, or grant ' +
      'another one to the same project. Issued units carry the features and ' +
      'the term of the package where none are named. Dates are days in the time zone of the project. A license whose units have ' +
      'left the stock is granted without its `externalId` if another license got that in the same moment.',
    body: {
      type: 'plus',
      partnerId: 'partner-1',
      packageId: 'package-1',
      units: { sip_number: 120, mobile_app: 100, ukey2: 10 },
    },
    response: { status: 201, schema: CreatedLicense, example: { licenseId: 'd0a3c7f4-2c6c-8b0e-8a86-1f0f5a3f7c55' } },
    problems: [
      'VALIDATION',
      'NOT_FOUND',
      'PROJECT_CLOSED',
      'PARTNER_CLOSED',
      'STOCK_EXHAUSTED',
      'PERIOD_OUTSIDE_PARENT',
      'CLOCK_BEHIND',
      'FEATURE_NOT_AVAILABLE',
      'SIP_BELOW_MOBILE',
      'TRIAL_ALREADY_USED',
      'TRIAL_TERM_FIXED',
      'EXTERNAL_ID_TAKEN',
    ],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async grantLicense(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: GrantLicenseRequest }) body: GrantLicenseRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const licenseId = caller.newId('license');
    const done =
      body.type === 'trial'
        ? await this.grants.trial(p, licenseId, body, caller)
        : await this.grants.plus(p, licenseId, body, caller);
    return answerTo(caller, reply, done, { licenseId });
  }
}
