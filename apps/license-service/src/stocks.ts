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
import { accepted, Clock, Problem } from '@allotree/platform';
import { News } from './feed/news.js';
import { detailOf } from './refusals.js';
import { STOCK_HANDLER, type StockHandler } from './tokens.js';

type Timeless<Command> = Command extends unknown ? Omit<Command, 'now'> : never;
export type StockWish = Timeless<PartnerStockCommand>;

/** The partner stock aggregate as routes use it. See `Projects`. */
@Injectable()
export class Stocks {
  constructor(
    @Inject(STOCK_HANDLER) private readonly handler: StockHandler,
    private readonly news: News,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem when refused or stale */
  async run(
    wish: StockWish,
    asked: { readonly context: CommandContext; readonly dryRun: boolean },
  ): Promise<{ readonly events: readonly PartnerStockEvent[]; readonly revision: number }> {
    const decide = () => this.decide(wish, asked);
    let outcome = await decide();
    if (!isKnown(outcome)) outcome = await this.news.until(wish.partnerId, decide, isKnown);
    return accepted(outcome, detailOf);
  }

  /** Looks at a partner's stock. @throws Problem `NOT_FOUND` when there is no such partner in time */
  async look<Found>(
    partnerId: string,
    look: (state: PartnerStockState, now: Instant, revision: number) => Found | null,
  ): Promise<Found> {
    const read = () => this.handler.read(partnerId, (state, revision) => look(state, this.clock.now(), revision));
    let found = await read();
    if (found === null) found = await this.news.until(partnerId, read, (result) => result !== null);
    if (found === null) throw partnerNotFound(partnerId);
    return found;
  }

  async partner(partnerId: string): Promise<StockPartner> {
    return this.look(partnerId, stockPartnerOf);
  }

  private decide(
    wish: StockWish,
    { context, dryRun }: { readonly context: CommandContext; readonly dryRun: boolean },
  ): Promise<Outcome<PartnerStockEvent, PartnerStockRefusal>> {
    const command: PartnerStockCommand = { ...wish, now: this.clock.now() };
    const { partnerId } = wish;
    return dryRun
      ? this.handler.dryRun(partnerId, command, context)
      : this.handler.execute(partnerId, command, context);
  }
}

export function partnerNotFound(id: string): Problem {
  const facts = { what: 'partner', id } as const;
  return new Problem('NOT_FOUND', detailOf({ code: 'NOT_FOUND', ...facts }), facts);
}

const isKnown = (outcome: Outcome<PartnerStockEvent, PartnerStockRefusal>): boolean =>
  outcome.kind !== 'refused' || outcome.refusal.code !== 'NOT_FOUND' || outcome.refusal.what !== 'partner';
