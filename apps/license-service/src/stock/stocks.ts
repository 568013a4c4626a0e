import { Inject, Injectable } from '@nestjs/common';
import {
  stockPartnerOf,
  type Instant,
  type PartnerStockCommand,
  type PartnerStockEvent,
  type PartnerStockRefusal,
  type PartnerStockState,
  type StockPartner,
} from '@allotree/domain';
import type { CommandContext, Outcome } from '@allotree/event-sourcing';
import { Leases } from '@allotree/leases';
import { Clock } from '@allotree/basics';
import { accepted, notArrived, Problem } from '@allotree/http';
import { GroupFeed } from '../feed/group-feed.js';
import { detailOf } from '../refusals.js';
import { STOCK_HANDLER, type StockHandler } from '../tokens.js';

type Timeless<Command> = Command extends unknown ? Omit<Command, 'now'> : never;
export type StockRequest = Timeless<PartnerStockCommand>;

/** The partner stock aggregate as routes use it. See `Projects`. */
@Injectable()
export class Stocks {
  constructor(
    @Inject(STOCK_HANDLER) private readonly handler: StockHandler,
    private readonly feed: GroupFeed,
    private readonly leases: Leases,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem when refused or stale; `UNAVAILABLE` where something is missing that may be on its way */
  async run(
    request: StockRequest,
    asked: { readonly context: CommandContext; readonly dryRun: boolean },
  ): Promise<{ readonly events: readonly PartnerStockEvent[]; readonly revision: number }> {
    let outcome = await this.decide(request, asked);
    if (outcome.kind === 'refused') {
      const caughtUp = await this.feed.facts.caughtUp();
      outcome = await this.decide(request, asked);
      if (outcome.kind === 'refused' && outcome.refusal.code === 'NOT_FOUND' && !caughtUp) throw notArrived();
    }
    return accepted(outcome, detailOf);
  }

  /** Looks at a partner's stock. @throws Problem `NOT_FOUND`; `UNAVAILABLE` where it may be on its way */
  async look<Found>(
    partnerId: string,
    look: (state: PartnerStockState, now: Instant, revision: number) => Found | null,
  ): Promise<Found> {
    const caughtUp = await this.feed.facts.caughtUp();
    const consistent = !this.leases.singleProcess;
    const found = await this.handler.read(partnerId, (state, revision) => look(state, this.clock.now(), revision), {
      consistent,
    });
    if (found === null) throw caughtUp ? partnerNotFound(partnerId) : notArrived();
    return found;
  }

  async partner(partnerId: string): Promise<StockPartner> {
    return this.look(partnerId, stockPartnerOf);
  }

  private decide(
    request: StockRequest,
    { context, dryRun }: { readonly context: CommandContext; readonly dryRun: boolean },
  ): Promise<Outcome<PartnerStockEvent, PartnerStockRefusal>> {
    const command: PartnerStockCommand = { ...request, now: this.clock.now() };
    const { partnerId } = request;
    return dryRun
      ? this.handler.dryRun(partnerId, command, context)
      : this.handler.execute(partnerId, command, context);
  }
}

export function partnerNotFound(id: string): Problem {
  const facts = { what: 'partner', id } as const;
  return new Problem('NOT_FOUND', detailOf({ code: 'NOT_FOUND', ...facts }), facts);
}
