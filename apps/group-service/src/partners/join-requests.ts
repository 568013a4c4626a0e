import { Inject, Injectable } from '@nestjs/common';
import type { JoinRequestCommand, JoinRequestFacts } from '@allotree/domain';
import { followUp, type CommandContext } from '@allotree/event-sourcing';
import { accepted, notFound, type Caller } from '@allotree/http';
import { Partners } from './partners.js';
import { detailOf } from '../refusals.js';
import { JOIN_REQUEST_HANDLER, type JoinRequestHandler } from '../tokens.js';
import { PartnerRegistration } from './registration.js';

interface Approved {
  readonly request: JoinRequestFacts;
  readonly events: readonly { readonly type: string; readonly data: object }[];
}

/** Requests of partners to join a distributor (P1). */
@Injectable()
export class JoinRequests {
  constructor(
    @Inject(JOIN_REQUEST_HANDLER) private readonly handler: JoinRequestHandler,
    private readonly registration: PartnerRegistration,
    private readonly partners: Partners,
  ) {}

  /** @throws Problem when refused */
  async run(command: JoinRequestCommand, { context, dryRun }: Pick<Caller, 'context' | 'dryRun'>) {
    const outcome = dryRun
      ? await this.handler.dryRun(command.requestId, command, context)
      : await this.handler.execute(command.requestId, command, context);
    return accepted(outcome, detailOf);
  }

  /** Approves a request and registers its partner; the events, of a dry run those of the registration too. @throws Problem when refused */
  async approve(requestId: string, distributorId: string, caller: Caller): Promise<Approved> {
    await this.partners.openPartner(distributorId);
    const { events, revision } = await this.run({ type: 'ApproveJoin', requestId, distributorId }, caller);
    caller.answerRevision(revision);
    const context = followUp(caller.context, 'register partner');
    if (!caller.dryRun) await this.register(requestId, context);
    const request = await this.facts(requestId);
    const following = caller.dryRun && events.length > 0 ? await this.registration.wouldJoin(request, context) : [];
    return { request, events: [...events, ...following] };
  }

  /** Registers the partner of an approved request; repeated, it changes nothing. */
  async register(requestId: string, context: CommandContext): Promise<void> {
    await this.registration.join(await this.facts(requestId), context);
  }

  /** @throws Problem `NOT_FOUND` */
  async facts(requestId: string): Promise<JoinRequestFacts> {
    const request = await this.handler.read(requestId, (state) => state.request);
    if (request === null) throw notFound('join request', requestId);
    return request;
  }
}
