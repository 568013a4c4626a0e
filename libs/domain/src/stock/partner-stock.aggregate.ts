import type { PartnerStockCommand } from './commands.js';
import { partnerStockCodec } from './codec.js';
import { decidePartnerStock } from './decide.js';
import type { PartnerStockEvent } from './events.js';
import {
  decodePartnerStockSnapshot,
  encodePartnerStockSnapshot,
  PARTNER_STOCK_SNAPSHOT_VERSION,
  sizeOfPartnerStock,
} from './snapshot.js';
import { evolvePartnerStock, initialPartnerStock, type PartnerStockState } from './state.js';

/** A partner's stock of packages; stream `partner_stock-<partnerId>`. All of it is pure. */
export const partnerStockAggregate = {
  category: 'partner_stock',
  initial: initialPartnerStock,
  evolve: (state: PartnerStockState, event: PartnerStockEvent) => evolvePartnerStock(state, event),
  decide: (state: PartnerStockState, command: PartnerStockCommand) => decidePartnerStock(state, command),
  eventTypes: partnerStockCodec.types,
  encode: partnerStockCodec.encode,
  decode: partnerStockCodec.decode,
  tenantOf: (state: PartnerStockState): string | null => state.partner?.tenantId ?? null,
  snapshot: {
    version: PARTNER_STOCK_SNAPSHOT_VERSION,
    every: 500,
    encode: encodePartnerStockSnapshot,
    decode: decodePartnerStockSnapshot,
    sizeOf: sizeOfPartnerStock,
  },
} as const;
