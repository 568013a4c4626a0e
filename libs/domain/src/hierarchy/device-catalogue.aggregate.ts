import { accept, type Decision } from '../decision.js';

/**
 * Whether the vendor keeps a catalogue of the devices it sold (L2). Stream `device_catalogue-vendor`. What is in it
 * lies with the devices themselves, so that a claim is decided on one stream.
 */
export interface DeviceCatalogueState {
  readonly open: boolean;
}

export interface DeviceCatalogueEvent {
  readonly type: 'DeviceCatalogueOpened' | 'DeviceCatalogueClosed';
  readonly data: Readonly<Record<string, never>>;
}

export interface DeviceCatalogueCommand {
  readonly type: 'OpenDeviceCatalogue' | 'CloseDeviceCatalogue';
}

const TYPES: ReadonlySet<string> = new Set<DeviceCatalogueEvent['type']>([
  'DeviceCatalogueOpened',
  'DeviceCatalogueClosed',
]);

const decide = (
  { open }: DeviceCatalogueState,
  { type }: DeviceCatalogueCommand,
): Decision<DeviceCatalogueEvent, never> => {
  if (open === (type === 'OpenDeviceCatalogue')) return accept([]);
  return accept([{ type: open ? 'DeviceCatalogueClosed' : 'DeviceCatalogueOpened', data: {} }]);
};

/** The id of its only stream. */
export const DEVICE_CATALOGUE = 'vendor';

export const deviceCatalogueAggregate = {
  category: 'device_catalogue',
  initial: (): DeviceCatalogueState => ({ open: false }),
  evolve: (_state: DeviceCatalogueState, { type }: DeviceCatalogueEvent): DeviceCatalogueState => ({
    open: type === 'DeviceCatalogueOpened',
  }),
  decide,
  encode: ({ type, data }: DeviceCatalogueEvent): { type: string; data: unknown } => ({ type, data }),
  decode: (stored: string, data: unknown): DeviceCatalogueEvent => {
    if (!TYPES.has(stored)) throw new Error(`unknown event type of the device catalogue: ${stored}`);
    return { type: stored, data } as DeviceCatalogueEvent;
  },
} as const;
