import { Body, Controller, Param, Post, Query } from '@nestjs/common';
import { AddDeviceRequest, AddedDevice, DryRun, type PreviewAnswer } from '@allotree/contracts';
import { isGroup } from '@allotree/domain';
import { notFound, Caller, Documented, Permit, Problem, refusalProblem, type Principal, preview } from '@allotree/http';
import { concealingHolders, PermissionChecker } from '@allotree/identity';
import { DeviceCatalogue } from '../device-catalogue.js';
import { Devices, type DeviceRequest } from '../devices.js';
import { GroupPath } from '../../paths.js';
import { detailOf } from '../../refusals.js';
import { Trees } from '../../groups/trees.js';

/** L2. */
@Controller('projects/:p/groups/:g/devices')
export class AddDeviceController {
  constructor(
    private readonly trees: Trees,
    private readonly devices: Devices,
    private readonly catalogue: DeviceCatalogue,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Devices',
    summary: 'Register a device at a group; the device brings a Basic license',
    response: { status: 201, schema: AddedDevice, example: { serialNumber: 'AA-12CD-000017' } },
    problems: [
      'VALIDATION',
      'NOT_FOUND',
      'PROJECT_CLOSED',
      'DEVICE_ELSEWHERE',
      'CLAIM_CODE_INVALID',
      'EXTERNAL_ID_TAKEN',
      'RATE_LIMITED',
      'STALE_REVISION',
    ],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('devices:manage', { project: 'p', group: 'g' })
  @Post()
  async add(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: AddDeviceRequest }) { serialNumber, model, claimCode, externalId }: AddDeviceRequest,
    @Caller() caller: Caller,
  ): Promise<AddedDevice | PreviewAnswer> {
    const tenantId = await this.trees.look(p, (state) =>
      isGroup(state, g) ? (state.project?.tenantId ?? null) : null,
    );
    if (tenantId === null) throw notFound('group', g);
    const facts = { groupId: g, serialNumber, model, ...(typeof externalId === 'string' && { externalId }) };
    const request = { projectId: p, tenantId, ...facts, claimId: caller.newId('claim') };
    const { principal, context } = caller;
    const guesser = { userId: principal.userId, tenantId };
    const proving = <Result>(work: (proven: DeviceRequest) => Promise<Result>): Promise<Result> =>
      this.catalogue.proving({ serialNumber, claimCode }, guesser, (proof) =>
        this.concealing(request, principal, () => work({ ...request, proof })),
      );
    if (caller.dryRun) return preview(caller, await proving((proven) => this.devices.wouldAdd(proven, context)));
    caller.answerRevision(await proving((proven) => this.devices.add(proven, context)));
    return { serialNumber };
  }

  private async concealing<Result>(
    request: Omit<DeviceRequest, 'proof'>,
    principal: Principal,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await concealingHolders(this.permissionChecker, { principal, projectId: request.projectId }, work);
    } catch (error) {
      if (error instanceof Problem) throw await this.withoutPlace(error, request, principal);
      throw error;
    }
  }

  /** Names the group of the device only to callers who can list its devices. */
  private async withoutPlace(
    problem: Problem,
    { projectId, serialNumber }: Pick<DeviceRequest, 'projectId' | 'serialNumber'>,
    principal: Principal,
  ): Promise<Problem> {
    const { groupId } = problem.facts;
    if (problem.code !== 'DEVICE_ELSEWHERE' || typeof groupId !== 'string') return problem;
    const held = await this.permissionChecker.permissionsAt(principal, { kind: 'group', projectId, groupId }, true);
    if (held?.has('devices:read') === true) return problem;
    const refusal = { code: 'DEVICE_ELSEWHERE', serialNumber, groupId: null } as const;
    return refusalProblem(refusal, detailOf(refusal));
  }
}
