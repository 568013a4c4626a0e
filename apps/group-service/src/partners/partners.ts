import type { PartnerDetails } from '@allotree/contracts';
import {
  closedPartner,
  type PartnerCommand,
  type PartnerEvent,
  type PartnerFacts,
  type PartnerMember,
  type PartnerState,
} from '@allotree/domain';
import { Leases } from '@allotree/leases';
import { accepted, notFound, refusalProblem, type Caller } from '@allotree/http';
import { Inject, Injectable } from '@nestjs/common';
import { detailOf } from '../refusals.js';
import { closingStatusOf } from '../closing-status.js';
import { PARTNER_HANDLER, type PartnerHandler } from '../tokens.js';

@Injectable()
export class Partners {
  constructor(
    @Inject(PARTNER_HANDLER) private readonly handler: PartnerHandler,
    private readonly leases: Leases,
  ) {}

  /**
   * Decides and answers with the revision of the partner; a dry run records nothing.
   * @throws Problem when refused or stale
   */
  async run(command: PartnerCommand, caller: Caller): Promise<readonly PartnerEvent[]> {
    const { partnerId } = command;
    const outcome = caller.dryRun
      ? await this.handler.dryRun(partnerId, command, caller.context)
      : await this.handler.execute(partnerId, command, caller.context);
    const { events, revision } = accepted(outcome, detailOf);
    caller.answerRevision(revision);
    return events;
  }

  administrators(partnerId: string): Promise<readonly PartnerMember[]> {
    return this.handler.read(partnerId, ({ administrators }) => [...administrators.values()]);
  }

  find(partnerId: string): Promise<PartnerFacts | null> {
    return this.handler.read(partnerId, (state) => state.partner);
  }

  /** @throws Problem `NOT_FOUND` */
  async partner(partnerId: string): Promise<PartnerFacts> {
    const partner = await this.find(partnerId);
    if (partner === null) throw notFound('partner', partnerId);
    return partner;
  }

  /** For what a closed partner takes no part in. @throws Problem `NOT_FOUND`, `PARTNER_CLOSED` */
  async openPartner(partnerId: string): Promise<PartnerFacts & Pick<PartnerState, 'postpaidAllowed'>> {
    const { partner, closed, postpaidAllowed } = await this.look(partnerId, (state) => ({
      partner: state.partner,
      closed: closedPartner(state),
      postpaidAllowed: state.postpaidAllowed,
    }));
    if (partner === null) throw notFound('partner', partnerId);
    if (closed !== null) throw refusalProblem(closed, detailOf(closed));
    return { ...partner, postpaidAllowed };
  }

  /** A partner as routes answer it. @throws Problem `NOT_FOUND` */
  async show(partnerId: string): Promise<PartnerDetails> {
    const { partner, closedReason, postpaidAllowed } = await this.look(partnerId, (state) => state);
    if (partner === null) throw notFound('partner', partnerId);
    const { kind, name, parentPartnerId, tenantId } = partner;
    return { partnerId, kind, name, parentPartnerId, tenantId, ...closingStatusOf(closedReason), postpaidAllowed };
  }

  /** With what any process recorded before. */
  private look<Found>(partnerId: string, look: (state: PartnerState) => Found): Promise<Found> {
    return this.handler.read(partnerId, look, { consistent: !this.leases.singleProcess });
  }
}

export const PARTNER_EXAMPLE = {
  partnerId: 'nordlicht',
  kind: 'distributor',
  name: 'Nordlicht',
  parentPartnerId: null,
  tenantId: 'nordlicht',
  ...closingStatusOf(null),
  postpaidAllowed: false,
};
