import { accept, refuse, type Decision } from '../decision.js';
import type { TreeRefusal } from './refusals.js';

/**
 * Whose a serial number is (domain.md L2: one project at a time). Stream `device-<serialKey>`. A project claims the
 * number, then its tree takes the device in under that claim; when the tree has let the device go, the claim is released.
 * A claim is used once, so that a late repetition of either step does nothing.
 */
export interface DeviceClaim {
  readonly claimId: string;
  readonly projectId: string;
  readonly tenantId: string;
  readonly groupId: string;
  readonly model: string;
}

interface DeviceEvents {
  DeviceClaimed: DeviceClaim & { serialNumber: string };
  DeviceReleased: { serialNumber: string; projectId: string; claimId: string };
}
export type DeviceEventType = keyof DeviceEvents;
export type DeviceEvent = {
  [Type in DeviceEventType]: { readonly type: Type; readonly data: Readonly<DeviceEvents[Type]> };
}[DeviceEventType];

export type DeviceCommand =
  | ({ readonly type: 'ClaimDevice'; readonly serialNumber: string } & DeviceClaim)
  | { readonly type: 'ReleaseDevice'; readonly serialNumber: string; readonly claimId: string };

export interface DeviceState {
  /** `null`: nobody's. */
  readonly claim: DeviceClaim | null;
  /** Of the last claim. */
  readonly tenantId: string | null;
}

export type DeviceRefusal = Extract<TreeRefusal, { code: 'DEVICE_ELSEWHERE' }>;

const evolve = (state: DeviceState, event: DeviceEvent): DeviceState => {
  if (event.type === 'DeviceReleased') return { ...state, claim: null };
  const { serialNumber: _, ...claim } = event.data;
  return { claim, tenantId: claim.tenantId };
};

const decide = ({ claim }: DeviceState, command: DeviceCommand): Decision<DeviceEvent, DeviceRefusal> => {
  const { serialNumber, claimId } = command;
  if (command.type === 'ReleaseDevice') {
    if (claim?.claimId !== claimId) return accept([]);
    return accept([{ type: 'DeviceReleased', data: { serialNumber, projectId: claim.projectId, claimId } }]);
  }
  if (claim && claim.projectId !== command.projectId) {
    return refuse({ code: 'DEVICE_ELSEWHERE', serialNumber, groupId: null });
  }
  if (claim) return accept([]);
  const { type: _, ...data } = command;
  return accept([{ type: 'DeviceClaimed', data }]);
};

const STORED_TYPES: { readonly [Type in DeviceEventType]: string } = {
  DeviceClaimed: 'DeviceClaimed',
  DeviceReleased: 'DeviceReleased',
};

export const deviceAggregate = {
  category: 'device',
  initial: (): DeviceState => ({ claim: null, tenantId: null }),
  evolve,
  decide,
  encode: (event: DeviceEvent): { type: string; data: unknown } => ({
    type: STORED_TYPES[event.type],
    data: event.data,
  }),
  decode: (stored: string, data: unknown): DeviceEvent => {
    const type = (Object.keys(STORED_TYPES) as DeviceEventType[]).find((known) => STORED_TYPES[known] === stored);
    if (!type) throw new Error(`unknown event type of a device: ${stored}`);
    return { type, data } as DeviceEvent;
  },
  tenantOf: (state: DeviceState): string | null => state.tenantId,
} as const;
