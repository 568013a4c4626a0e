import { Body, Controller, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import {
  DryRun,
  ExtendLicenseRequest,
  LicensesAnswer,
  ReinstateLicenseRequest,
  RevokeLicenseRequest,
  SuspendLicenseRequest,
} from '@allotree/contracts';
import { licensesOf, LICENSES_SETTING, projectOf } from '@allotree/domain';
import { Caller, Documented, Permit } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { answerTo } from '../../answer.js';
import { endOf, namesDate } from '../../dates.js';
import { LicensePath } from '../../paths.js';
import { Projects, type ProjectRequest } from '../../projects.js';
import { licenseAnswer } from '../license-answer.js';

type WithoutAuthority<Request> = Request extends unknown ? Omit<Request, 'authority'> : never;
type LicenseChange = WithoutAuthority<
  Exclude<Extract<ProjectRequest, { licenseId: string }>, { type: 'GrantLicense' }>
>;

const LICENSE_EXAMPLE = {
  licenseId: 'd0a3c7f4-2c6c-8b0e-8a86-1f0f5a3f7c55',
  type: 'plus',
  units: { sip_number: 120, mobile_app: 100, ukey2: 10 },
  features: ['siri'],
  validFrom: '2026-01-01T00:00:00.000Z',
  validUntil: '2027-01-01T00:00:00.000Z',
  source: { kind: 'package', partnerId: 'partner-1', packageId: 'package-1', packageValidUntil: null },
  status: 'active',
  suspendedReason: null,
  revokedReason: null,
};

const documented = (summary: string, body?: unknown) =>
  Documented({
    tag: 'licenses',
    summary,
    ...(body === undefined ? {} : { body }),
    response: { schema: LicensesAnswer.shape.items.element, example: LICENSE_EXAMPLE },
    problems: [
      'VALIDATION',
      'NOT_FOUND',
      'PROJECT_CLOSED',
      'LICENSE_REVOKED',
      'PERIOD_OUTSIDE_PARENT',
      'CLOCK_BEHIND',
      'ISSUED_FROM_ABOVE',
      'SUSPENDED_FROM_ABOVE',
      'STALE_REVISION',
    ],
    idempotent: true,
    revised: true,
    dryRun: true,
  });

@Controller('projects/:p/licenses/:l')
export class ChangeLicenseController {
  constructor(
    private readonly projects: Projects,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Post('extend')
  @HttpCode(HttpStatus.OK)
  @Permit('licenses:manage', { project: 'p' })
  @documented('Move the end of a license further away; `null` is indefinite', { validUntil: '2027-12-31' })
  async extendLicense(
    @Param({ schema: LicensePath }) { p, l }: LicensePath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ExtendLicenseRequest }) { validUntil }: z.infer<typeof ExtendLicenseRequest>,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const zone = namesDate(validUntil) ? (await this.projects.project(p)).timeZone : 'UTC';
    const end = validUntil === null ? null : endOf(validUntil, zone, 'validUntil');
    return this.change({ type: 'ExtendLicense', licenseId: l, validUntil: end }, p, caller, reply);
  }

  @Post('suspend')
  @HttpCode(HttpStatus.OK)
  @Permit('licenses:manage', { project: 'p' })
  @documented('Suspend a license: what depends on it is suspended until it is reinstated', {
    reason: 'Invoice overdue',
  })
  async suspendLicense(
    @Param({ schema: LicensePath }) { p, l }: LicensePath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: SuspendLicenseRequest }) { reason }: z.infer<typeof SuspendLicenseRequest>,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return this.change({ type: 'SuspendLicense', licenseId: l, reason }, p, caller, reply);
  }

  @Post('reinstate')
  @HttpCode(HttpStatus.OK)
  @Permit('licenses:manage', { project: 'p' })
  @documented('Put a suspended license in force again')
  async reinstateLicense(
    @Param({ schema: LicensePath }) { p, l }: LicensePath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ReinstateLicenseRequest }) _body: unknown,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return this.change({ type: 'ReinstateLicense', licenseId: l }, p, caller, reply);
  }

  @Post('revoke')
  @HttpCode(HttpStatus.OK)
  @Permit('licenses:manage', { project: 'p' })
  @documented('Revoke a license for good; nothing returns to the stock', { reason: 'Contract ended' })
  async revokeLicense(
    @Param({ schema: LicensePath }) { p, l }: LicensePath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: RevokeLicenseRequest }) { reason }: z.infer<typeof RevokeLicenseRequest>,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return this.change({ type: 'RevokeLicense', licenseId: l, reason }, p, caller, reply);
  }

  private async change(change: LicenseChange, projectId: string, caller: Caller, reply: FastifyReply): Promise<object> {
    const root = { kind: 'group', projectId, groupId: projectId } as const;
    const authority = () => this.permissionChecker.authority(caller.principal, 'licenses:manage', root);
    const done = await this.projects.run(projectId, async () => ({ ...change, authority: await authority() }), caller);
    if (caller.dryRun) return answerTo(caller, reply, done, {});
    // Body and ETag out of one state.
    const { answer, revision } = await this.projects.look(projectId, null, (state, now, { revisionOf }) => {
      const license = licensesOf(state, now).find(({ licenseId }) => licenseId === change.licenseId);
      const project = projectOf(state);
      if (!license || !project) return null;
      return { answer: licenseAnswer(license, project.timeZone), revision: revisionOf(LICENSES_SETTING) };
    });
    return answerTo(caller, reply, { ...done, revision }, answer);
  }
}
