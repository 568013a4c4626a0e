import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FEATURES, RESOURCES, type Limit, type Resource, type Units } from '../words.js';
import {
  partnerStockAggregate,
  stockOf,
  type PartnerStockCommand,
  type PartnerStockEvent,
  type PartnerStockState,
} from './index.js';
import { modelRuns } from '../model-runs.fixture.js';

const PARTNERS = 6;
const T0 = Date.parse('2026-01-01T00:00:00Z');
const DAY = 86_400_000;

/** `parents[i]` is the partner above partner `i + 1`; partner 0 is the distributor. */
const tree = fc.tuple(...Array.from({ length: PARTNERS - 1 }, (_, index) => fc.nat(index)));

const amount: fc.Arbitrary<Limit> = fc.oneof(
  { weight: 8, arbitrary: fc.nat(30) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const units: fc.Arbitrary<Units> = fc.record(
  { sip_number: amount, mobile_app: amount, ukey2: amount },
  { noNullPrototype: true },
);
const day = fc.option(fc.integer({ min: -5, max: 40 }));
const attempt = fc.record({
  kind: fc.constantFrom('record', 'sell', 'sell', 'issue', 'issue'),
  partner: fc.nat(PARTNERS - 1),
  to: fc.nat(PARTNERS - 1),
  /** One of the packages known so far. */
  pick: fc.nat(50),
  units,
  features: fc.option(fc.subarray([...FEATURES].slice(0, 3))),
  from: day,
  until: day,
  /** Time between two attempts; negative as well, because clocks of replicas differ. */
  elapsed: fc.integer({ min: -1, max: 3 }),
});
type Attempt = typeof attempt extends fc.Arbitrary<infer Value> ? Value : never;

class Market {
  readonly streams = Array.from({ length: PARTNERS }, () => [] as PartnerStockEvent[]);
  readonly states = Array.from({ length: PARTNERS }, () => partnerStockAggregate.initial());
  readonly packages: { partner: number; packageId: string }[] = [];
  now = T0;
  private ids = 0;

  constructor(private readonly parents: readonly number[]) {
    for (let partner = 0; partner < PARTNERS; partner++) this.register(partner);
  }

  private register(partner: number): void {
    const kind = partner === 0 ? 'distributor' : 'dealer';
    const name = `partner ${partner}`;
    const parent = this.parents[partner - 1];
    const parentPartnerId = parent === undefined ? null : `p${parent}`;
    this.run(partner, {
      type: 'OpenStock',
      partnerId: `p${partner}`,
      now: this.now,
      tenantId: 'p0',
      kind,
      name,
      parentPartnerId,
    });
    for (let above = parent; above !== undefined; above = this.parents[above - 1])
      this.run(above, {
        type: 'AddPartnerBelow',
        partnerId: `p${above}`,
        now: this.now,
        belowPartnerId: `p${partner}`,
        kind,
        name,
      });
  }

  /** Decides twice, because every decision is idempotent. */
  run(partner: number, command: PartnerStockCommand): readonly PartnerStockEvent[] {
    const before = JSON.stringify(partnerStockAggregate.snapshot.encode(this.states[partner]!));
    const decision = partnerStockAggregate.decide(this.states[partner]!, command);
    expect(JSON.stringify(partnerStockAggregate.snapshot.encode(this.states[partner]!))).toBe(before);
    if (!decision.ok) return [];
    for (const event of decision.events) {
      this.streams[partner]!.push(event);
      this.states[partner] = partnerStockAggregate.evolve(this.states[partner]!, event);
    }
    expect(partnerStockAggregate.decide(this.states[partner]!, command)).toStrictEqual({ ok: true, events: [] });
    return decision.events;
  }

  make({ kind, partner, to, pick, units: requested, features, from, until, elapsed }: Attempt): void {
    this.now += elapsed * DAY;
    const id = `id${this.ids++}`;
    const term = {
      validFrom: from === null ? null : T0 + from * DAY,
      validUntil: until === null ? null : T0 + until * DAY,
    };
    if (kind === 'record') {
      const content = {
        units: requested,
        features: features ?? [...FEATURES],
        validUntil: term.validUntil,
        validFrom: term.validFrom ?? T0,
      };
      const events = this.run(partner, {
        type: 'RecordPackage',
        partnerId: `p${partner}`,
        now: this.now,
        packageId: id,
        name: id,
        ...content,
      });
      if (events.length > 0) this.packages.push({ partner, packageId: id });
      return;
    }
    const source = this.packages[pick % Math.max(1, this.packages.length)];
    if (!source) return;
    const part = {
      partnerId: `p${source.partner}`,
      now: this.now,
      packageId: source.packageId,
      units: requested,
      features,
      ...term,
    };
    if (kind === 'issue')
      this.run(source.partner, { type: 'IssueUnits', ...part, licenseId: id, projectId: 'project', timeZone: 'UTC' });
    else this.sell(source.partner, to, { type: 'SellPackage', ...part, soldPackageId: id, toPartnerId: `p${to}` });
  }

  private sell(seller: number, buyer: number, command: PartnerStockCommand): void {
    for (const event of this.run(seller, command)) {
      if (event.type !== 'PackageSold') continue;
      const { packageId, soldPackageId, toPartnerId, ...content } = event.data;
      const from = { fromPartnerId: `p${seller}`, fromPackageId: packageId };
      this.run(buyer, {
        type: 'ReceivePackage',
        partnerId: toPartnerId,
        now: this.now,
        packageId: soldPackageId,
        ...from,
        ...content,
      });
      this.packages.push({ partner: buyer, packageId: soldPackageId });
    }
  }
}

const packagesOf = (state: PartnerStockState) => stockOf(state, T0)!.packages;

/** Places where units were lost or created. One list instead of an `expect` for every package, which would cost more than the domain. */
function* conservationFaults(market: Market, resource: Resource): Iterable<object> {
  let [recorded, stocked, issued] = [0, 0, 0];
  let unlimited = false;
  for (const state of market.states)
    for (const stock of packagesOf(state)) {
      const [whole, left, gone] = [stock.units[resource], stock.available[resource], stock.issued[resource]];
      if (whole === null) unlimited = true;
      else if (left !== whole - (stock.sold[resource] ?? Infinity) - (gone ?? Infinity)) yield { stock, resource };
      if (left !== null && !(left >= 0)) yield { stock, resource, left };
      if (stock.from === null) recorded += whole ?? 0;
      stocked += left ?? 0;
      issued += gone ?? 0;
    }
  // Sold units are in the buyer's stock, so over all partners: recorded = still in stock + issued.
  if (!unlimited && stocked + issued !== recorded) yield { resource, stocked, issued, recorded };
}

describe('the stocks of a tree of partners', () => {
  it('conserve every unit, never fall below zero, decide idempotently and fold the same from events and snapshots', () => {
    fc.assert(
      fc.property(tree, fc.array(attempt, { maxLength: 40 }), (parents, attempts) => {
        const market = new Market(parents);
        for (const each of attempts) {
          market.make(each);
          expect(RESOURCES.flatMap((resource) => [...conservationFaults(market, resource)])).toEqual([]);
        }
        market.states.forEach((state, partner) => {
          const stored = market.streams[partner]!.map((event) =>
            JSON.parse(JSON.stringify(partnerStockAggregate.encode(event))),
          );
          const replayed = stored.reduce(
            (folded, { type, data }) => partnerStockAggregate.evolve(folded, partnerStockAggregate.decode(type, data)),
            partnerStockAggregate.initial(),
          );
          const json = JSON.parse(JSON.stringify(partnerStockAggregate.snapshot.encode(state)));
          expect(replayed).toStrictEqual(state);
          expect(partnerStockAggregate.snapshot.decode(json)).toStrictEqual(state);
        });
      }),
      modelRuns(),
    );
  });

  it('give nothing outside the term and features of the source package', () => {
    fc.assert(
      fc.property(tree, fc.array(attempt, { maxLength: 40 }), (parents, attempts) => {
        const market = new Market(parents);
        attempts.forEach((each) => market.make(each));
        const packages = new Map(market.states.flatMap(packagesOf).map((stock) => [stock.packageId, stock]));
        for (const { from, features, validFrom, validUntil } of packages.values()) {
          const above = from && packages.get(from.packageId);
          if (!above) continue;
          expect(above.features).toEqual(expect.arrayContaining([...features]));
          expect(validFrom).toBeGreaterThanOrEqual(above.validFrom);
          expect(validUntil ?? Infinity).toBeLessThanOrEqual(above.validUntil ?? Infinity);
        }
      }),
      modelRuns(),
    );
  });
});
