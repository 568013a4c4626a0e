import { accept, type Decision } from '../decision.js';
import { AS_IS, eventCodec } from '../stored-events.js';

/**
 * Whether the vendor keeps a catalogue of the devices it sold (L2). Stream `device_catalogue-vendor`. Each entry
 * is in the stream of its device, so that a claim is decided on one stream.
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

const deviceCatalogueCodec = eventCodec<DeviceCatalogueEvent>('the device catalogue')({
  DeviceCatalogueOpened: AS_IS,
  DeviceCatalogueClosed: AS_IS,
});

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
  eventTypes: deviceCatalogueCodec.types,
  encode: deviceCatalogueCodec.encode,
  decode: deviceCatalogueCodec.decode,
} as const;
