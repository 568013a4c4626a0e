import { Body, Controller, Param, Post } from '@nestjs/common';
import { AddDeviceRequest, AddedDevice } from '@allotree/contracts';
import { isGroup } from '@allotree/domain';
import { notFound, Caller, Documented, Permit } from '@allotree/platform';
import { Devices } from '../../devices.js';
import { GroupPath } from '../../paths.js';
import { Trees } from '../../trees.js';

/** domain.md L2. */
@Controller('projects/:p/groups/:g/devices')
export class AddDeviceController {
  constructor(
    private readonly trees: Trees,
    private readonly devices: Devices,
  ) {}

  @Documented({
    tag: 'Devices',
    summary: 'Register a device and add it to a group; it carries one Basic license',
    response: { status: 201, schema: AddedDevice, example: { serialNumber: 'AA-12CD-000017' } },
    problems: ['VALIDATION', 'NOT_FOUND', 'DEVICE_ELSEWHERE', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
  })
  @Permit('devices:manage', { project: 'p', group: 'g' })
  @Post()
  async add(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Body({ schema: AddDeviceRequest }) { serialNumber, model }: AddDeviceRequest,
    @Caller() caller: Caller,
  ): Promise<AddedDevice> {
    const tenantId = await this.trees.look(p, (state) =>
      isGroup(state, g) ? (state.project?.tenantId ?? null) : null,
    );
    if (tenantId === null) throw notFound('group', g);
    const wish = { projectId: p, tenantId, groupId: g, serialNumber, model, claimId: caller.newId('claim') };
    const revision = await this.devices.add(wish, caller.context);
    caller.answerRevision(revision);
    return { serialNumber };
  }
}
