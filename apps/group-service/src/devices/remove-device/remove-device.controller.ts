import { Controller, Delete, HttpCode, Param } from '@nestjs/common';
import { Caller, Documented, Permit } from '@allotree/platform';
import { Devices } from '../../devices.js';
import { DevicePath } from '../../paths.js';
import { Trees } from '../../trees.js';

/** domain.md L2. */
@Controller('projects/:p/groups/:g/devices/:serialNumber')
export class RemoveDeviceController {
  constructor(
    private readonly trees: Trees,
    private readonly devices: Devices,
  ) {}

  @Documented({
    tag: 'Devices',
    summary: 'Remove a device from its group and project; its Basic license ends',
    problems: ['VALIDATION', 'NOT_FOUND', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
  })
  @Permit('devices:manage', { project: 'p', group: 'g' })
  @HttpCode(204)
  @Delete()
  async remove(
    @Param({ schema: DevicePath }) { p, g, serialNumber }: DevicePath,
    @Caller() caller: Caller,
  ): Promise<void> {
    const { events, revision } = await this.trees.run(
      { type: 'RemoveDevice', projectId: p, groupId: g, serialNumber },
      { context: caller.context, dryRun: false },
    );
    for (const event of events) {
      if (event.type === 'DeviceRemoved') await this.devices.release(serialNumber, event.data.claimId, caller.context);
    }
    caller.answerRevision(revision);
  }
}
