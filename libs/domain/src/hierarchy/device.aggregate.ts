import { accept, refuse, type Decision } from '../decision.js';
import type { TreeRefusal } from './refusals.js';
import { AS_IS, eventCodec } from '../stored-events.js';

/**
 * Which project has claimed a serial number (L2: one at a time). Stream `device-<serialKey>`. A project claims the
 * number, then its tree adds the device under that claim; after the tree has removed the device, the claim is released.
 * A claim is used once, so that a late repetition of either step has no effect.
 */
export interface DeviceClaim {
  readonly claimId: string;
  readonly projectId: string;
  readonly tenantId: string;
  readonly groupId: string;
  readonly model: string;
  /** For the device in the tree; absent: none. */
  readonly externalId?: string;
}

interface DeviceEvents {
  /** The vendor sold it with a claim code, stored as a hash; the latest code is valid. */
  DeviceCatalogued: { serialNumber: string; claimCodeHash: string };
  DeviceClaimed: DeviceClaim & { serialNumber: string };
  DeviceReleased: { serialNumber: string; projectId: string; claimId: string };
}
export type DeviceEventType = keyof DeviceEvents;
export type DeviceEvent = {
  [Type in DeviceEventType]: { readonly type: Type; readonly data: Readonly<DeviceEvents[Type]> };
}[DeviceEventType];

export type DeviceCommand =
  | ({
      readonly type: 'ClaimDevice';
      readonly serialNumber: string;
      /** The claim code of the request, if any, where the vendor keeps a catalogue; `null`: there is no catalogue. */
      readonly proof: { readonly claimCodeHash: string | null } | null;
    } & DeviceClaim)
  | { readonly type: 'CatalogueDevice'; readonly serialNumber: string; readonly claimCodeHash: string }
  | { readonly type: 'ReleaseDevice'; readonly serialNumber: string; readonly claimId: string };

export interface DeviceState {
  /** `null`: unclaimed. */
  readonly claim: DeviceClaim | null;
  /** Of the last claim. */
  readonly tenantId: string | null;
  /** `null`: it is not in the catalogue. */
  readonly claimCodeHash: string | null;
}

export type DeviceRefusal = Extract<TreeRefusal, { code: 'DEVICE_ELSEWHERE' | 'CLAIM_CODE_INVALID' }>;

const deviceCodec = eventCodec<DeviceEvent>('a device')({
  DeviceCatalogued: AS_IS,
  DeviceClaimed: AS_IS,
  DeviceReleased: AS_IS,
});

const evolve = (state: DeviceState, event: DeviceEvent): DeviceState => {
  switch (event.type) {
    case 'DeviceCatalogued':
      return { ...state, claimCodeHash: event.data.claimCodeHash };
    case 'DeviceReleased':
      return { ...state, claim: null };
    case 'DeviceClaimed': {
      const { serialNumber: _, ...claim } = event.data;
      return { ...state, claim, tenantId: claim.tenantId };
    }
  }
};

type CommandOf<Type extends DeviceCommand['type']> = Extract<DeviceCommand, { type: Type }>;
type Decided = Decision<DeviceEvent, DeviceRefusal>;

const catalogue = (state: DeviceState, { type: _, ...data }: CommandOf<'CatalogueDevice'>): Decided =>
  state.claimCodeHash === data.claimCodeHash ? accept([]) : accept([{ type: 'DeviceCatalogued', data }]);

const release = ({ claim }: DeviceState, { serialNumber, claimId }: CommandOf<'ReleaseDevice'>): Decided => {
  if (claim?.claimId !== claimId) return accept([]);
  return accept([{ type: 'DeviceReleased', data: { serialNumber, projectId: claim.projectId, claimId } }]);
};

/** Refuses an unknown serial number, a wrong code and a missing code alike, so that the refusal reveals nothing about the device. */
const claim = (state: DeviceState, { type: _, proof, ...data }: CommandOf<'ClaimDevice'>): Decided => {
  const { serialNumber, projectId } = data;
  if (state.claim?.projectId === projectId) return accept([]);
  if (proof !== null && (state.claimCodeHash === null || proof.claimCodeHash !== state.claimCodeHash))
    return refuse({ code: 'CLAIM_CODE_INVALID', serialNumber });
  if (state.claim !== null) return refuse({ code: 'DEVICE_ELSEWHERE', serialNumber, groupId: null });
  return accept([{ type: 'DeviceClaimed', data }]);
};

const decide = (state: DeviceState, command: DeviceCommand): Decided => {
  switch (command.type) {
    case 'CatalogueDevice':
      return catalogue(state, command);
    case 'ReleaseDevice':
      return release(state, command);
    case 'ClaimDevice':
      return claim(state, command);
  }
};

export const deviceAggregate = {
  category: 'device',
  initial: (): DeviceState => ({ claim: null, tenantId: null, claimCodeHash: null }),
  evolve,
  decide,
  eventTypes: deviceCodec.types,
  encode: deviceCodec.encode,
  decode: deviceCodec.decode,
  tenantOf: (state: DeviceState): string | null => state.tenantId,
} as const;
