import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { partnerStockAggregate, stockOf, type PartnerStockCommand, type PartnerStockEvent } from './index.js';

const at = Date.parse('2026-06-01T00:00:00Z');
const units = (sip_number: number) => ({ sip_number, mobile_app: 0, ukey2: 0 });
const content = { units: units(10), features: [], validFrom: at, validUntil: null };
const part = { units: units(4), features: null, validFrom: null, validUntil: null };
const partnerId = 'nordlicht';
const events: readonly PartnerStockEvent[] = [
  {
    type: 'StockOpened',
    at,
    data: { partnerId, tenantId: partnerId, kind: 'distributor', name: 'Nordlicht', parentPartnerId: null },
  },
  { type: 'PartnerJoinedBelow', at, data: { partnerId: 'hansen', kind: 'dealer', name: 'Hansen' } },
  { type: 'PartnerJoinedBelow', at, data: { partnerId: 'larsen', kind: 'dealer', name: 'Larsen' } },
  { type: 'PackageRecorded', at, data: { packageId: 'plus', name: 'Plus', ...content } },
];
const open = given(partnerStockAggregate, events);
const reason = 'The contract ended';
const of = { partnerId, now: at };
const sell = (toPartnerId: string, soldPackageId = `to-${toPartnerId}`): PartnerStockCommand => ({
  type: 'SellPackage',
  ...of,
  packageId: 'plus',
  soldPackageId,
  toPartnerId,
  ...part,
});
const issue: PartnerStockCommand = {
  type: 'IssueUnits',
  ...of,
  packageId: 'plus',
  licenseId: 'l',
  projectId: 'quay',
  timeZone: 'UTC',
  ...part,
};
const record: PartnerStockCommand = { type: 'RecordPackage', ...of, packageId: 'more', name: 'More', ...content };
const receive: PartnerStockCommand = {
  type: 'ReceivePackage',
  ...of,
  packageId: 'late',
  name: 'Late',
  fromPartnerId: 'above',
  fromPackageId: 'x',
  ...content,
};
const close: PartnerStockCommand = { type: 'CloseStock', ...of, reason };
const closed: PartnerStockEvent = {
  type: 'StockClosed',
  at,
  data: { partnerId, reason, left: [{ packageId: 'plus', units: units(10) }] },
};
const closeBelow: PartnerStockCommand = { type: 'ClosePartnerBelow', ...of, belowPartnerId: 'hansen', reason };
const closedBelow: PartnerStockEvent = { type: 'PartnerClosedBelow', at, data: { partnerId: 'hansen', reason } };
const kept = ({ state }: Pick<typeof open, 'state'>) => {
  const { encode, decode } = partnerStockAggregate.snapshot;
  return decode(JSON.parse(JSON.stringify(encode(state()))) as unknown);
};

describe('the stock of a partner that was closed', () => {
  it('keeps its units, which are recorded once (L4)', () => {
    const after = open
      .when(close)
      .then([closed])
      .when({ ...close, reason: 'Another' })
      .then([]);
    expect(stockOf(after.state(), at)).toEqual(stockOf(open.state(), at));
  });

  it.each([record, sell('hansen'), issue])('is no longer traded: $type', (command) => {
    expect(open.when(command).decision.ok).toBe(true);
    open.when(close).then([closed]).when(command).then({ code: 'PARTNER_CLOSED', partnerId, reason });
  });

  it('still receives packages that were sold to it before', () => {
    const { decision } = open.when(close).then([closed]).when(receive);
    expect(decision).toMatchObject({ ok: true, events: [{ type: 'PackageReceived' }] });
  });

  it('is closed in its snapshot as well', () => {
    expect(kept(open.when(close).then([closed])).closedReason).toBe(reason);
    expect(kept(open)).toStrictEqual(open.state());
  });
});

describe('a partner below that was closed', () => {
  it('buys nothing any more, while others do', () => {
    const after = open.when(closeBelow).then([closedBelow]);
    after.when(closeBelow).then([]);
    after.when(sell('hansen')).then({ code: 'PARTNER_CLOSED', partnerId: 'hansen', reason });
    expect(after.when(sell('larsen')).decision).toMatchObject({ ok: true, events: [{ type: 'PackageSold' }] });
    expect(kept(after)).toStrictEqual(after.state());
  });

  it('keeps earlier purchases: repeating such a sale changes nothing', () => {
    const { decision } = open.when(sell('hansen'));
    if (!decision.ok) throw new Error('refused');
    given(partnerStockAggregate, [...events, ...decision.events, closedBelow])
      .when(sell('hansen'))
      .then([]);
  });

  it('must be known', () => {
    open.when({ ...closeBelow, belowPartnerId: 'nobody' }).then([]);
  });
});
