import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { allDone } from '@allotree/basics';
import { DEVICE_CATALOGUE, serialKey, type DeviceCatalogueEvent, type DeviceEvent } from '@allotree/domain';
import { followUp, type CommandContext } from '@allotree/event-sourcing';
import { Leases } from '@allotree/leases';
import { accepted, Problem } from '@allotree/http';
import { Attempts, type Limit } from '../identity/sessions/attempts.js';
import { detailOf } from '../refusals.js';
import { CATALOGUE_HANDLER, DEVICE_HANDLER, type CatalogueHandler, type DeviceHandler } from '../tokens.js';

export interface CodedDevice {
  readonly serialNumber: string;
  readonly claimCode: string;
}

/** The caller and tenant whose wrong claim codes are counted. */
export interface Guesser {
  readonly userId: string;
  readonly tenantId: string;
}

export type CatalogueEvent = DeviceEvent | DeviceCatalogueEvent;

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** Wrong claim codes of one caller, and of all callers of one tenant together. */
const GUESSES_OF_CALLER: Limit = {
  free: 10,
  firstPauseSeconds: 1,
  longestPauseSeconds: 15 * MINUTE,
  forgottenAfterSeconds: DAY,
};
const GUESSES_OF_TENANT: Limit = { ...GUESSES_OF_CALLER, free: 30 };
/** Wrong claim codes for one serial number from all callers. The pause is short, because the owner waits too. */
const GUESSES_AT_DEVICE: Limit = { ...GUESSES_OF_CALLER, free: 20, longestPauseSeconds: 5 * MINUTE };

/** Devices recorded concurrently. */
const SIDE_BY_SIDE = 50;

/** The stored hash of a claim code. It ignores case and hyphens, and includes the serial number, so equal codes have different hashes. */
const claimCodeHashOf = ({ serialNumber, claimCode }: CodedDevice): string =>
  createHash('sha256')
    .update(`claim code\n${serialKey(serialNumber)}\n${serialKey(claimCode)}`)
    .digest('hex');

/** The vendor's catalogue of the devices it sold (L2). */
@Injectable()
export class DeviceCatalogue {
  constructor(
    @Inject(CATALOGUE_HANDLER) private readonly catalogue: CatalogueHandler,
    @Inject(DEVICE_HANDLER) private readonly devices: DeviceHandler,
    private readonly attempts: Attempts,
    private readonly leases: Leases,
  ) {}

  /** Puts devices into the catalogue, and opens it. May be repeated after a crash. What was, or would be, recorded. */
  async put(devices: readonly CodedDevice[], context: CommandContext, dryRun: boolean): Promise<CatalogueEvent[]> {
    const events: CatalogueEvent[] = [];
    for (let from = 0; from < devices.length; from += SIDE_BY_SIDE) {
      const some = devices.slice(from, from + SIDE_BY_SIDE);
      events.push(...(await allDone(some.map((device) => this.putOne(device, context, dryRun)))).flat());
    }
    return [...events, ...(await this.change('OpenDeviceCatalogue', context, dryRun))];
  }

  /** From now on every serial number counts again. The devices keep their codes for the next time. */
  async close(context: CommandContext, dryRun: boolean): Promise<readonly CatalogueEvent[]> {
    return this.change('CloseDeviceCatalogue', context, dryRun);
  }

  /**
   * Runs a claim with the proof it needs. Where there is a catalogue the attempt is counted before, and given back unless
   * the code is refused.
   * @throws Problem `RATE_LIMITED`
   */
  async proving<Result>(
    { serialNumber, claimCode }: { readonly serialNumber: string; readonly claimCode?: string | undefined },
    { userId, tenantId }: Guesser,
    claim: (proof: { readonly claimCodeHash: string | null } | null) => Promise<Result>,
  ): Promise<Result> {
    if (!(await this.catalogue.read(DEVICE_CATALOGUE, ({ open }) => open, { consistent: !this.leases.singleProcess })))
      return claim(null);
    const counted = await this.count([
      [`claim codes by ${userId}`, GUESSES_OF_CALLER],
      [`claim codes in ${tenantId}`, GUESSES_OF_TENANT],
      [`claim codes for ${serialKey(serialNumber)}`, GUESSES_AT_DEVICE],
    ]);
    const claimCodeHash = claimCode === undefined ? null : claimCodeHashOf({ serialNumber, claimCode });
    try {
      const result = await claim({ claimCodeHash });
      await this.attempts.wentWell(counted);
      return result;
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'CLAIM_CODE_INVALID')) await this.attempts.wentWell(counted);
      throw error;
    }
  }

  private async count(limits: readonly (readonly [key: string, limit: Limit])[]): Promise<string[]> {
    for (const [key, limit] of limits) await this.attempts.take(key, limit);
    return limits.map(([key]) => key);
  }

  private async putOne(device: CodedDevice, context: CommandContext, dryRun: boolean): Promise<readonly DeviceEvent[]> {
    const { serialNumber } = device;
    const key = serialKey(serialNumber);
    const command = { type: 'CatalogueDevice', serialNumber, claimCodeHash: claimCodeHashOf(device) } as const;
    const outcome = dryRun
      ? await this.devices.dryRun(key, command)
      : await this.devices.execute(key, command, followUp(context, `catalogue ${key}`));
    return accepted(outcome, detailOf).events;
  }

  private async change(
    type: 'OpenDeviceCatalogue' | 'CloseDeviceCatalogue',
    context: CommandContext,
    dryRun: boolean,
  ): Promise<readonly DeviceCatalogueEvent[]> {
    const outcome = dryRun
      ? await this.catalogue.dryRun(DEVICE_CATALOGUE, { type })
      : await this.catalogue.execute(DEVICE_CATALOGUE, { type }, followUp(context, type));
    return accepted(outcome, detailOf).events;
  }
}
