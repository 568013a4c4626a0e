import { followUp } from '@allotree/event-sourcing';
import { Inject, Injectable } from '@nestjs/common';
import {
  deviceGroupOf,
  knownDeviceOf,
  serialKey,
  type DeviceClaim,
  type DeviceFacts,
  type KnownDevice,
} from '@allotree/domain';
import type { CommandContext } from '@allotree/event-sourcing';
import { accepted, Problem } from '@allotree/http';
import { detailOf } from '../refusals.js';
import { DEVICE_HANDLER, type DeviceHandler } from '../tokens.js';
import { Trees } from '../groups/trees.js';

/** Attempts to claim a device again after a concurrent request released its claim. */
const TRIES = 3;

export interface ClaimedDevice extends DeviceClaim {
  readonly serialNumber: string;
}

/** `null`: there is no catalogue, so no code is required. */
export type ClaimProof = { readonly claimCodeHash: string | null } | null;

export interface DeviceRequest extends DeviceFacts {
  readonly proof: ClaimProof;
  readonly projectId: string;
  readonly tenantId: string;
}

type DeviceInTree = Omit<DeviceRequest, 'tenantId' | 'proof'>;

/** The members of a request that the tree records. */
const inTree = ({ projectId, serialNumber, groupId, model, claimId, externalId }: DeviceInTree): DeviceInTree => ({
  projectId,
  serialNumber,
  groupId,
  model,
  claimId,
  ...(externalId !== undefined && { externalId }),
});

/**
 * A device comes into a project in two steps: the project claims the serial number, then its tree takes the device in under
 * that claim; and leaves in two: the tree lets it go, then the claim is released (L2). Reactors finish what a
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
    // Refused by the tree before the serial number is claimed.
    if (request.externalId !== undefined)
      await this.trees.run({ type: 'AddDevice', ...inTree(request) }, { context, dryRun: true });
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
    const { serialNumber } = request;
    const claim = accepted(
      await this.handler.dryRun(serialKey(serialNumber), { type: 'ClaimDevice', ...request }),
      detailOf,
    );
    const command = { type: 'AddDevice', ...inTree(request) } as const;
    const taken = await this.trees.run(command, { context, dryRun: true });
    return [...claim.events, ...taken.events];
  }

  /** The tree takes the device in; where it refuses, the claim is released. @throws Problem when refused */
  async takeIn(device: DeviceInTree, context: CommandContext): Promise<number> {
    const { projectId, serialNumber, claimId } = device;
    try {
      const command = { type: 'AddDevice', ...inTree(device) } as const;
      return (await this.trees.run(command, { context, dryRun: false })).revision;
    } catch (error) {
      if (error instanceof Problem && !(await this.isInTree(projectId, serialNumber))) {
        await this.release(serialNumber, claimId, context);
      }
      throw error;
    }
  }

  async release(serialNumber: string, claimId: string, context: CommandContext): Promise<void> {
    const command = { type: 'ReleaseDevice', serialNumber, claimId } as const;
    const key = serialKey(serialNumber);
    // First where an earlier version kept it: a claim that is being moved meanwhile is then found in the other.
    if (serialNumber !== key)
      await this.handler.execute(serialNumber, command, followUp(context, `release former ${claimId}`));
    await this.handler.execute(key, command, followUp(context, `release ${claimId}`));
  }

  /**
   * Moves a claim of an earlier version to the stream of its key. Those versions kept claims under the serial number as typed,
   * where other spellings do not find them. May be repeated. False: another project holds the key, and both keep what they have.
   */
  async moveClaim(from: string, claimed: ClaimedDevice, context: CommandContext): Promise<boolean> {
    const { serialNumber, claimId } = claimed;
    const key = serialKey(serialNumber);
    const former = await this.handler.read(from, ({ claim }) => claim?.claimId ?? null);
    if (former === claimId) {
      await this.dropSecondClaim(claimed, context);
      const command = { type: 'ClaimDevice', ...claimed, proof: null } as const;
      const moved = await this.handler.execute(key, command, followUp(context, `move ${claimId}`));
      if (moved.kind === 'refused') return false;
      const release = { type: 'ReleaseDevice', serialNumber, claimId } as const;
      await this.handler.execute(from, release, followUp(context, `moved ${claimId}`));
    }
    // The tree let the device go meanwhile: nobody else would release the claim in its new place.
    const device = await this.deviceIn(claimed);
    if (device?.claimId === claimId && device.groupId === null) await this.release(serialNumber, claimId, context);
    return true;
  }

  /** The same project may have claimed the key for another spelling of a device it has: its tree knows the first claim only. */
  private async dropSecondClaim(claimed: ClaimedDevice, context: CommandContext): Promise<void> {
    const { serialNumber, projectId, claimId } = claimed;
    const key = serialKey(serialNumber);
    const second = await this.handler.read(key, ({ claim }) => claim);
    if (second === null || second.projectId !== projectId || second.claimId === claimId) return;
    if ((await this.deviceIn(claimed))?.claimId !== claimId) return;
    const release = { type: 'ReleaseDevice', serialNumber, claimId: second.claimId } as const;
    await this.handler.execute(key, release, followUp(context, `drop ${second.claimId}`));
  }

  /** The claim a serial number is held by now; `null`: nobody's. */
  async claimOf(serialNumber: string): Promise<string | null> {
    return this.handler.read(serialKey(serialNumber), (state) => state.claim?.claimId ?? null);
  }

  /** `null`: it never was in the tree of the project, or there is no tree. */
  private async deviceIn({ projectId, serialNumber }: ClaimedDevice): Promise<KnownDevice | null> {
    try {
      return await this.trees.look(projectId, (state) => knownDeviceOf(state, serialNumber));
    } catch (error) {
      if (error instanceof Problem && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }

  private async isInTree(projectId: string, serialNumber: string): Promise<boolean> {
    return this.trees.look(projectId, (state) => deviceGroupOf(state, serialNumber) !== null);
  }

  /** The claim the project holds afterwards: this one, or the one it held already. */
  private async claim(request: DeviceRequest, context: CommandContext): Promise<string> {
    const { serialNumber, claimId } = request;
    accepted(
      await this.handler.execute(
        serialKey(serialNumber),
        { type: 'ClaimDevice', ...request },
        followUp(context, `claim ${claimId}`),
      ),
      detailOf,
    );
    return (await this.claimOf(serialNumber)) ?? claimId;
  }
}
