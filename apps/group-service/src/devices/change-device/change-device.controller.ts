import { Body, Controller, Param, Patch, Query } from '@nestjs/common';
import { ChangeDeviceRequest, DeviceDetails, DryRun, type PreviewAnswer } from '@allotree/contracts';
import { deviceOf } from '@allotree/domain';
import { Caller, Documented, notFound, Permit, preview, refuseReadOnlyChanges } from '@allotree/http';
import { concealingHolders, PermissionChecker } from '@allotree/identity';
import { DevicePath } from '../../paths.js';
import { Trees } from '../../groups/trees.js';

@Controller('projects/:p/groups/:g/devices/:serialNumber')
export class ChangeDeviceController {
  constructor(
    private readonly trees: Trees,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Devices',
    summary: 'Change or remove the external id of a device',
    response: {
      schema: DeviceDetails,
      example: { serialNumber: 'AA-12CD-000017', groupId: 'building-a', model: 'AA-12', externalId: 'ERP-4711' },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'EXTERNAL_ID_TAKEN', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('devices:manage', { project: 'p', group: 'g' })
  @Patch()
  async change(
    @Param({ schema: DevicePath }) { p, g, serialNumber }: DevicePath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ChangeDeviceRequest }) { externalId, addedAt: _, ...readOnly }: ChangeDeviceRequest,
    @Caller() caller: Caller,
  ): Promise<DeviceDetails | PreviewAnswer> {
    const current = await this.trees.look(p, (state) => deviceOf(state, serialNumber));
    if (current?.groupId !== g) throw notFound('device', serialNumber);
    refuseReadOnlyChanges(readOnly, { ...current });
    const command = { type: 'SetDeviceExternalId', projectId: p, groupId: g, serialNumber, externalId } as const;
    const asking = { principal: caller.principal, projectId: p };
    const { events, revision } = await concealingHolders(this.permissionChecker, asking, () =>
      this.trees.run(command, caller),
    );
    caller.answerRevision(revision);
    if (caller.dryRun) return preview(caller, events);
    const device = await this.trees.look(p, (state) => deviceOf(state, serialNumber));
    // Removed concurrently.
    if (device === null) throw notFound('device', serialNumber);
    return device;
  }
}
