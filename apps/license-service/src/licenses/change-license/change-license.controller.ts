import { Body, Controller, HttpCode, HttpStatus, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ChangeLicenseRequest,
  DryRun,
  ExtendLicenseRequest,
  LicensesAnswer,
  ReinstateLicenseRequest,
  RevokeLicenseRequest,
  SuspendLicenseRequest,
  type ProblemCode,
} from '@allotree/contracts';
import { licensesOf, LICENSES_SETTING, projectOf, type ProjectEvent } from '@allotree/domain';
import { Caller, Documented, notFound, Permit, refuseReadOnlyChanges } from '@allotree/http';
import { concealingHolders, PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { answerTo } from '../../answer.js';
import { endOf, namesDate } from '../../dates.js';
import { LicensePath } from '../../paths.js';
import { Projects, type ProjectRequest } from '../../projects.js';
import { licenseAnswer } from '../license-answer.js';

type WithoutAuthority<Request> = Request extends unknown ? Omit<Request, 'authority'> : never;
type LicenseChange = WithoutAuthority<
  Exclude<Extract<ProjectRequest, { licenseId: string }>, { type: 'GrantLicense' | 'SetLicenseExternalId' }>
>;

const LICENSE_EXAMPLE = {
  licenseId: 'd0a3c7f4-2c6c-8b0e-8a86-1f0f5a3f7c55',
  type: 'plus',
  units: { sip_number: 120, mobile_app: 100, ukey2: 10 },
  features: ['siri'],
  validFrom: '2026-01-01T00:00:00.000Z',
  validUntil: '2027-01-01T00:00:00.000Z',
  externalId: 'ERP-4711',
  source: { kind: 'package', partnerId: 'partner-1', packageId: 'package-1', packageValidUntil: null },
  status: 'active',
  suspendedReason: null,
  revokedReason: null,
};

/** Of changes that are made from where the license was issued, or above. */
const FROM_ABOVE = ['PERIOD_OUTSIDE_PARENT', 'ISSUED_FROM_ABOVE', 'SUSPENDED_FROM_ABOVE'] as const;

const documented = (summary: string, body?: unknown, problems: readonly ProblemCode[] = FROM_ABOVE) =>
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
      'CLOCK_BEHIND',
      'STALE_REVISION',
      ...problems,
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

  @Patch()
  @Permit('licenses:manage', { project: 'p' })
  @documented('Change or remove the external id of a license', { externalId: 'ERP-4711' }, ['EXTERNAL_ID_TAKEN'])
  async changeLicense(
    @Param({ schema: LicensePath }) { p, l }: LicensePath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ChangeLicenseRequest }) { externalId, status: _, ...readOnly }: ChangeLicenseRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { externalId: _former, status: _status, ...current } = (await this.shown(p, l)).answer;
    refuseReadOnlyChanges(readOnly, current);
    const request = { type: 'SetLicenseExternalId', licenseId: l, externalId } as const;
    const done = await concealingHolders(this.permissionChecker, { principal: caller.principal, projectId: p }, () =>
      this.projects.run(p, request, caller),
    );
    return this.answer(done, { projectId: p, licenseId: l }, caller, reply);
  }

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
    return this.answer(done, { projectId, licenseId: change.licenseId }, caller, reply);
  }

  private async answer(
    done: { readonly events: readonly ProjectEvent[]; readonly revision: number },
    { projectId, licenseId }: { readonly projectId: string; readonly licenseId: string },
    caller: Caller,
    reply: FastifyReply,
  ): Promise<object> {
    if (caller.dryRun) return answerTo(caller, reply, done, {});
    const { answer, revision } = await this.shown(projectId, licenseId);
    return answerTo(caller, reply, { ...done, revision }, answer);
  }

  /** Body and ETag out of one state. @throws Problem `NOT_FOUND` */
  private async shown(
    projectId: string,
    licenseId: string,
  ): Promise<{ readonly answer: Record<string, unknown>; readonly revision: number }> {
    const found = await this.projects.look(projectId, null, (state, now, { revisionOf }) => {
      const project = projectOf(state);
      const license = licensesOf(state, now).find((one) => one.licenseId === licenseId);
      const answer = license && project ? licenseAnswer(license, project.timeZone) : null;
      return project && { answer, revision: revisionOf(LICENSES_SETTING) };
    });
    if (found.answer === null) throw notFound('license', licenseId);
    return { answer: found.answer, revision: found.revision };
  }
}
