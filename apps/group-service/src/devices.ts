import { followUp } from '@allotree/event-sourcing';
import { Inject, Injectable } from '@nestjs/common';
import { deviceGroupOf, serialKey, type DeviceFacts } from '@allotree/domain';
import type { CommandContext } from '@allotree/event-sourcing';
import { accepted, Problem } from '@allotree/platform';
import { detailOf } from './refusals.js';
import { DEVICE_HANDLER, type DeviceHandler } from './tokens.js';
import { Trees } from './trees.js';

/** A claim that another request has just given up is used up: a new one is made, so often at most. */
const TRIES = 3;

export interface DeviceRequest extends DeviceFacts {
  readonly projectId: string;
  readonly tenantId: string;
}

/**
 * A device comes into a project in two steps: the project claims the serial number, then its tree takes the device in under
 * that claim; and leaves in two: the tree lets it go, then the claim is released (domain.md L2). Reactors finish what a
 * crash left between.
 */
@Injectable()
export class Devices {
  constructor(
    @Inject(DEVICE_HANDLER) private readonly handler: DeviceHandler,
    private readonly trees: Trees,
  ) {}

  /** Revision of the tree. @throws Problem when refused */
  async add(request: DeviceRequest, context: CommandContext): Promise<number> {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const claimId = await this.claim(
        { ...request, claimId: attempt === 0 ? request.claimId : `${request.claimId}_${attempt}` },
        context,
      );
      const revision = await this.takeIn({ ...request, claimId }, context);
      const group = await this.trees.look(request.projectId, (state) => deviceGroupOf(state, request.serialNumber));
      if (group !== null) return revision;
      await this.release(request.serialNumber, claimId, context);
    }
    throw new Problem(
      'OVERLOADED',
      `The device ${request.serialNumber} is being added and removed at the same time; try again shortly`,
      {
        retryAfterSeconds: 1,
      },
    );
  }

  /** What adding a device would record: the claim, then the tree. @throws Problem when either would be refused */
  async wouldAdd(
    request: DeviceRequest,
    context: CommandContext,
  ): Promise<readonly { readonly type: string; readonly data: object }[]> {
    const { projectId, serialNumber, groupId, model, claimId } = request;
    const claim = accepted(await this.handler.dryRun(serialNumber, { type: 'ClaimDevice', ...request }), detailOf);
    const command = { type: 'AddDevice', projectId, serialNumber, groupId, model, claimId } as const;
    const taken = await this.trees.run(command, { context, dryRun: true });
    return [...claim.events, ...taken.events];
  }

  /** The tree takes the device in; where it refuses, the claim is released. @throws Problem when refused */
  async takeIn(
    { projectId, serialNumber, groupId, model, claimId }: Omit<DeviceRequest, 'tenantId'>,
    context: CommandContext,
  ): Promise<number> {
    try {
      const command = { type: 'AddDevice', projectId, serialNumber, groupId, model, claimId } as const;
      return (await this.trees.run(command, { context, dryRun: false })).revision;
    } catch (error) {
      if (error instanceof Problem && !(await this.isInTree(projectId, serialNumber))) {
        await this.release(serialNumber, claimId, context);
      }
      throw error;
    }
  }

  async release(serialNumber: string, claimId: string, context: CommandContext): Promise<void> {
    await this.handler.execute(
      await this.streamOf(serialNumber),
      { type: 'ReleaseDevice', serialNumber, claimId },
      followUp(context, `release ${claimId}`),
    );
  }

  /** The claim a serial number is held by now; `null`: nobody's. */
  async claimOf(serialNumber: string): Promise<string | null> {
    return this.handler.read(await this.streamOf(serialNumber), (state) => state.claim?.claimId ?? null);
  }

  /** A claim made before serial numbers were compared without case and separators is where it was until it is released. */
  private async streamOf(serialNumber: string): Promise<string> {
    const key = serialKey(serialNumber);
    if (serialNumber === key) return key;
    const isClaimed = await this.handler.read(serialNumber, (state) => state.claim !== null);
    return isClaimed ? serialNumber : key;
  }

  private async isInTree(projectId: string, serialNumber: string): Promise<boolean> {
    return this.trees.look(projectId, (state) => deviceGroupOf(state, serialNumber) !== null);
  }

  /** The claim the project holds afterwards: this one, or the one it held already. */
  private async claim(request: DeviceRequest, context: CommandContext): Promise<string> {
    const { serialNumber, claimId } = request;
    accepted(
      await this.handler.execute(
        await this.streamOf(serialNumber),
        { type: 'ClaimDevice', ...request },
        followUp(context, `claim ${claimId}`),
      ),
      detailOf,
    );
    return (await this.claimOf(serialNumber)) ?? claimId;
  }
}
