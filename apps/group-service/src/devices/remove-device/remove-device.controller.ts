import { Controller, Delete, HttpCode, Param, Query } from '@nestjs/common';
import { DryRun, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { Devices } from '../devices.js';
import { DevicePath } from '../../paths.js';
import { Trees } from '../../groups/trees.js';

/** L2. */
@Controller('projects/:p/groups/:g/devices/:serialNumber')
export class RemoveDeviceController {
  constructor(
    private readonly trees: Trees,
    private readonly devices: Devices,
  ) {}

  @Documented({
    tag: 'Devices',
    summary: 'Remove a device from its group and project; the Basic license of the device ends',
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('devices:manage', { project: 'p', group: 'g' })
  @HttpCode(204)
  @Delete()
  async remove(
    @Param({ schema: DevicePath }) { p, g, serialNumber }: DevicePath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const { events, revision } = await this.trees.run(
      { type: 'RemoveDevice', projectId: p, groupId: g, serialNumber },
      caller,
    );
    caller.answerRevision(revision);
    if (caller.dryRun) return preview(caller, events);
    for (const event of events) {
      if (event.type === 'DeviceRemoved')
        await this.devices.release(event.data.serialNumber, event.data.claimId, caller.context);
    }
    return undefined;
  }
}
